/** Reports whose attempts are used up: stored for operators to read and to replay; the oldest are deleted. */
import { type Static, Type } from '@sinclair/typebox';
import type { DocumentWrite } from '../../../store/store.ts';
import { documentKind, type Versioned } from '../../kit/documents.ts';
import { Report } from '../reports/catalog.ts';
import { wakeDelivery } from '../reports/report-queue.ts';
import type { PbxStore } from '../tenant.ts';
import { type Retry, retryKey, writeRetry } from './retries.ts';

/** The oldest are deleted when there are more. */
const maxDeadLetters = 1_000;

export const DeadLetter = Type.Object({
  user: Type.String(),
  token: Type.String(),
  url: Type.String({ description: 'where it was sent' }),
  position: Type.Integer({ description: 'place in the order of all reports' }),
  report: Report,
  serial: Type.String({ description: 'of the PBX' }),
  reportedAtMs: Type.Number({ description: 'wall time, ms since 1970' }),
  attempts: Type.Integer(),
  reason: Type.String({ description: 'what the last attempt came to' }),
  deadAtMs: Type.Number({ description: 'wall time, ms since 1970' }),
});
export type DeadLetter = Static<typeof DeadLetter>;

const deadLetters = documentKind('deadLetters', DeadLetter);

/** Returns all dead letters by key, in the order in which the reports happened. */
export async function listDeadLetters(store: PbxStore): Promise<Map<string, DeadLetter>> {
  const found = await deadLetters.list(store, store.tenant);
  return new Map(found.map(({ key, value }) => [key, value]));
}

/** The dead letters as the delivering node knows them. */
export interface DeadLetters {
  /** Returns the writes of another dead letter; the oldest are deleted if there are too many. */
  add(letter: DeadLetter): DocumentWrite[];
}

/** Makes the list. `keys`: of the stored ones, oldest first. */
export function makeDeadLetters(keys: Iterable<string>): DeadLetters {
  const known = [...keys];
  return {
    add(letter) {
      const key = retryKey(letter);
      known.push(key);
      const excess = known.splice(0, Math.max(0, known.length - maxDeadLetters));
      return [deadLetters.write(key, letter), ...excess.map((old) => deadLetters.write(old, null))];
    },
  };
}

/**
 * Turns dead letters into retries that go to where their application is now, or to another of its user. Returns the keys of those
 * that are retried; a dead letter whose user has no live token stays.
 */
export async function replayDeadLetters(store: PbxStore, keys: readonly string[]): Promise<string[]> {
  const found = await deadLetters.readMany(store, store.tenant, keys);
  const replayed = await Promise.all(
    keys.map(async (key, at) => {
      const letter = found[at];
      return letter !== undefined && (await replay(store, key, letter)) ? [key] : [];
    }),
  );
  return replayed.flat();
}

/** Returns false if the user has no live token, or the dead letter changed. */
async function replay(
  store: PbxStore,
  key: string,
  { value, version }: Versioned<DeadLetter>,
): Promise<boolean> {
  const [live = 0] = await store.count({ tenant: store.tenant, groups: [value.user] });
  if (live === 0) return false;
  const { reason: _reason, deadAtMs: _deadAtMs, ...rest } = value;
  const retry: Retry = { ...rest, attempts: 0, isReplay: true };
  const { committed } = await store.commit({
    tenant: store.tenant,
    writes: [deadLetters.write(key, null, { version }), writeRetry(retryKey(retry), retry)],
    appends: [wakeDelivery],
  });
  return committed;
}
