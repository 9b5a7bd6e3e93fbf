/** Reports that were tried as often as they may be: kept, oldest out, to be read and sent again. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { nudge } from '../reports/report-queue.ts';
import { Report } from '../reports/reports.ts';
import { tenant } from '../tokens/tokens.ts';
import { type Aside, asideKey, writeAside } from './retries.ts';

const collection = 'deadLetters';
/** The oldest go when there are more. */
const maxDeadLetters = 1_000;

export const DeadLetter = Type.Object({
  user: Type.String(),
  token: Type.String(),
  url: Type.String({ description: 'where it was sent' }),
  position: Type.Integer({ description: 'its place in the order of what happened' }),
  report: Report,
  serial: Type.String({ description: 'of the PBX' }),
  reportedAtMs: Type.Number({ description: 'wall time, ms since 1970' }),
  attempts: Type.Integer(),
  reason: Type.String({ description: 'what the last attempt came to' }),
  deadAtMs: Type.Number({ description: 'wall time, ms since 1970' }),
});
export type DeadLetter = Static<typeof DeadLetter>;
const isDeadLetter = TypeCompiler.Compile(DeadLetter);

function writeDeadLetter(key: string, letter: DeadLetter | null): DocumentWrite {
  return { collection, key, value: letter === null ? null : JSON.stringify(letter) };
}

/** By key, in the order in which they happened. */
export async function listDeadLetters(store: Store): Promise<Map<string, DeadLetter>> {
  const documents = await store.listDocuments({ tenant, collection });
  return new Map(
    documents.flatMap(({ key, value }) => {
      const letter: unknown = JSON.parse(value);
      return isDeadLetter.Check(letter) ? [[key, letter] as const] : [];
    }),
  );
}

/** The list of the dead, as the node that delivers knows it. */
export interface DeadLetters {
  /** What to write for one more: the oldest goes if there are too many. */
  add(letter: DeadLetter): DocumentWrite[];
}

/** `keys`: of those there are, oldest first. */
export function makeDeadLetters(keys: Iterable<string>): DeadLetters {
  const known = [...keys];
  return {
    add(letter) {
      const key = asideKey(letter);
      known.push(key);
      const tooMany = known.splice(0, Math.max(0, known.length - maxDeadLetters));
      return [writeDeadLetter(key, letter), ...tooMany.map((old) => writeDeadLetter(old, null))];
    },
  };
}

/**
 * Sends dead letters again, to where their application is now, or another of its user. Answers the keys that are sent:
 * what nobody is logged in for stays where it is.
 */
export async function replayDeadLetters(store: Store, keys: readonly string[]): Promise<string[]> {
  const documents = await store.readDocuments({
    tenant,
    documents: keys.map((key) => ({ collection, key })),
  });
  const replayed = await Promise.all(
    documents.map(async (document) => {
      if (document === null) return [];
      const letter: unknown = JSON.parse(document.value);
      if (!isDeadLetter.Check(letter)) return [];
      const [live = 0] = await store.count({ tenant, groups: [letter.user] });
      if (live === 0) return [];
      const { reason: _reason, deadAtMs: _deadAtMs, ...rest } = letter;
      const aside: Aside = { ...rest, attempts: 0, replayed: true };
      const { committed } = await store.commit({
        tenant,
        writes: [
          { collection, key: document.key, version: document.version, value: null },
          writeAside(asideKey(aside), aside),
        ],
        appends: [nudge],
      });
      return committed ? [document.key] : [];
    }),
  );
  return replayed.flat();
}
