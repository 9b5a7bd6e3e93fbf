/** Numbers that follow from a seed: the same seed gives the same run of numbers. */
import { createHash } from 'node:crypto';

export interface Random {
  /** Returns an integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** Returns an integer from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** Returns true in this share of calls. */
  chance(share: number): boolean;
  /** Returns one of the values. Throws for an empty list. */
  pick<T>(values: readonly T[]): T;
  /** Returns a generator of its own that follows from this one's seed and a name, however many numbers were taken. */
  fork(name: string): Random;
}

/** Makes a generator. */
export function makeRandom(seed: string | number): Random {
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE(0);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (share) => next() < share,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('there is nothing to pick from');
      return value;
    },
    fork: (name) => makeRandom(`${seed}/${name}`),
  };
}
