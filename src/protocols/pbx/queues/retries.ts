/**
 * Reports that are retried beside their queue, without holding it up: the application refused them, or an operator asked for a
 * dead letter again. Stored as documents, so that the next delivering node continues with them.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { DocumentWrite } from '../../../store/store.ts';
import { documentKind, type WriteOptions } from '../../kit/documents.ts';
import { Report } from '../reports/catalog.ts';
import type { PbxStore } from '../tenant.ts';
import { queueKey } from './stored-queue.ts';

const Retry = Type.Object({
  user: Type.String(),
  token: Type.String(),
  url: Type.String(),
  position: Type.Integer(),
  report: Report,
  serial: Type.String(),
  reportedAtMs: Type.Number(),
  attempts: Type.Integer(),
  /** An operator asked for it: it may go to another application of the user. */
  isReplay: Type.Optional(Type.Boolean()),
  /** No attempt before this reading of the lease clock, ms. For operators: another node attempts at once. */
  notBeforeMs: Type.Optional(Type.Number()),
});
export type Retry = Static<typeof Retry>;

const retries = documentKind('retries', Retry);

/** Returns the key of a retry. Keys sort in the order in which the reports happened. */
export function retryKey({ user, url, position }: Pick<Retry, 'user' | 'url' | 'position'>): string {
  return `${String(position).padStart(12, '0')}-${queueKey(user, url)}`;
}

export function writeRetry(key: string, retry: Retry | null, options?: WriteOptions): DocumentWrite {
  return retries.write(key, retry, options);
}

/** Returns all retries by key. */
export async function listRetries(store: PbxStore): Promise<Map<string, Retry>> {
  const found = await retries.list(store, store.tenant);
  return new Map(found.map(({ key, value }) => [key, value]));
}

/** A retry on the node that delivers. */
export interface ScheduledRetry extends Retry {
  readonly key: string;
  /** No attempt before this reading of the lease clock, ms. */
  readonly notBeforeMs: number;
  isRunning: boolean;
}

/** Returns the part of a retry that is stored. */
export function storedRetry({
  key: _key,
  notBeforeMs: _notBeforeMs,
  isRunning: _isRunning,
  ...retry
}: ScheduledRetry): Retry {
  return retry;
}

/** The retries as the delivering node knows them. */
export interface Retries {
  readonly size: number;
  values(): Iterable<ScheduledRetry>;
  set(key: string, retry: Retry, notBeforeMs: number): void;
  /** Removes a retry. Call it after the store was written: a listing of the same moment would bring it back. */
  finish(key: string): void;
  /** Adds retries that others stored. Rejects with StoreUnavailable. */
  read(): Promise<void>;
  /** Removes the oldest retries of a user and URL beyond `max`. Returns their keys. */
  dropOldest(user: string, url: string, max: number): readonly string[];
}

/** Makes the list of retries. `stored`: those of before, which are due at once. */
export function makeRetries(store: PbxStore, stored: ReadonlyMap<string, Retry>): Retries {
  const known = new Map<string, ScheduledRetry>();
  let finishedMeanwhile: Set<string> | undefined;
  const set = (key: string, retry: Retry, notBeforeMs: number): void => {
    known.set(key, { ...retry, key, notBeforeMs, isRunning: false });
  };
  for (const [key, retry] of stored) set(key, retry, 0);
  return {
    get size() {
      return known.size;
    },
    values: () => known.values(),
    set,
    finish(key) {
      known.delete(key);
      finishedMeanwhile?.add(key);
    },
    async read() {
      const finished = new Set<string>();
      finishedMeanwhile = finished;
      const found = await listRetries(store);
      for (const [key, retry] of found) if (!known.has(key) && !finished.has(key)) set(key, retry, 0);
      finishedMeanwhile = undefined;
    },
    dropOldest(user, url, max) {
      const own = [...known.values()].filter((retry) => retry.user === user && retry.url === url);
      const excess = own.slice(0, Math.max(0, own.length - max)).map(({ key }) => key);
      for (const key of excess) known.delete(key);
      return excess;
    },
  };
}
