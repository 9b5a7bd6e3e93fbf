/**
 * What is stored of a delivery queue. A delivery queue belongs to a user and a URL: tokens of one user that resolve to the same URL
 * share it, and a report goes there once. It holds no reports: it is a position in the queue of all reports.
 */
import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import type { DocumentWrite } from '../../../store/store.ts';
import { documentKind } from '../../kit/documents.ts';
import type { PbxStore } from '../tenant.ts';
import type { ActiveToken } from '../tokens/token.ts';

/** What the latest attempt came to, for operators. */
export const LastAttempt = Type.Object({
  outcome: Type.String({ description: 'what the latest attempt came to' }),
  atMs: Type.Number({ description: 'wall time, ms since 1970' }),
  address: Type.Optional(Type.String({ description: 'that the host of the callback resolved to' })),
  fix: Type.Optional(Type.String({ description: 'what would make reports arrive' })),
});

export type LastAttempt = Static<typeof LastAttempt>;

const StoredQueue = Type.Object({
  user: Type.String(),
  url: Type.String(),
  /** The queue began after this report. */
  from: Type.Integer(),
  /** Every report up to this one is finished: delivered, moved to the retries or the dead letters, or dropped. */
  cursor: Type.Integer(),
  /** Attempts at the next report that counted. */
  attempts: Type.Integer(),
  /** No attempt before this reading of the lease clock, ms. For operators: another node attempts at once. */
  notBeforeMs: Type.Optional(Type.Number()),
  last: Type.Optional(LastAttempt),
});
export type StoredQueue = Static<typeof StoredQueue>;

const storedQueues = documentKind('deliveryQueues', StoredQueue);

/** Returns the key of a delivery queue: a hash, since URLs may be too long for a key. */
export function queueKey(user: string, url: string): string {
  return createHash('sha256').update(`${user}\n${url}`).digest('base64url').slice(0, 22);
}

export function writeQueue(key: string, queue: StoredQueue | null): DocumentWrite {
  return storedQueues.write(key, queue);
}

/** Returns how far a queue has got; undefined if nothing was ever delivered from it. */
export async function readStoredQueue(
  store: PbxStore,
  user: string,
  url: string,
): Promise<StoredQueue | undefined> {
  return (await storedQueues.read(store, store.tenant, queueKey(user, url)))?.value;
}

/** Returns all stored queues by key. */
export async function listQueues(store: PbxStore): Promise<Map<string, StoredQueue>> {
  const found = await storedQueues.list(store, store.tenant);
  return new Map(found.map(({ key, value }) => [key, value]));
}

/** Returns live tokens by the key of their queue, in the order in which they came. */
export function byQueue(tokens: readonly ActiveToken[]): Map<string, ActiveToken[]> {
  const queues = new Map<string, ActiveToken[]>();
  for (const token of tokens) {
    const key = queueKey(token.user, token.callback.callback);
    const queue = queues.get(key);
    if (queue === undefined) queues.set(key, [token]);
    else queue.push(token);
  }
  return queues;
}

/**
 * Returns where a queue begins. `startAt` is the earliest position from which one of its tokens wants reports. Reports that were
 * delivered before are not sent again, unless a token wants more than the queue ever held: at least once, never lost.
 */
export function resumeAt(
  stored: Pick<StoredQueue, 'from' | 'cursor'> | undefined,
  startAt: number,
): { readonly from: number; readonly cursor: number } {
  if (stored === undefined || startAt < stored.from) return { from: startAt, cursor: startAt };
  return { from: stored.from, cursor: Math.max(stored.cursor, startAt) };
}
