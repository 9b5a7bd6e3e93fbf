import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, type Targets } from '../../../../../src/protocols/sls/consumer-groups/rebalance/assign.ts';

const loadsOf = (result: Targets, consumers: readonly string[]): number[] =>
  consumers.map((name) => [...result.values()].filter((owner) => owner === name).length);

/** Counts shards that leave a live consumer. */
const movesOf = (before: Targets, after: Targets, consumers: readonly string[]): number =>
  [...before].filter(
    ([shard, owner]) => owner !== null && consumers.includes(owner) && after.get(shard) !== owner,
  ).length;

/** sum(c_i) - sum(min(c_i, b)) - min(r, number of i with c_i > b). */
function fewestMoves(before: Targets, consumers: readonly string[]): number {
  const held = loadsOf(before, consumers);
  const b = Math.floor(before.size / consumers.length);
  const r = before.size % consumers.length;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return (
    sum(held) -
    sum(held.map((count) => Math.min(count, b))) -
    Math.min(r, held.filter((count) => count > b).length)
  );
}

function check(before: Targets, consumers: readonly string[]): void {
  const after = assign(before, consumers);
  expect([...after.keys()].sort((a, b) => a - b)).toEqual([...before.keys()].sort((a, b) => a - b));
  if (consumers.length === 0) {
    expect([...after.values()].every((owner) => owner === null)).toBe(true);
    return;
  }
  const loads = loadsOf(after, consumers);
  expect(loads.reduce((total, load) => total + load, 0)).toBe(before.size);
  expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
  expect(movesOf(before, after, consumers)).toBe(fewestMoves(before, consumers));
}

describe('the rebalancer', () => {
  it('assigns every shard once, evenly, with the fewest moves: every case of up to 6 shards and 4 consumers', () => {
    let cases = 0;
    for (let shards = 0; shards <= 6; shards += 1) {
      for (let consumers = 0; consumers <= 4; consumers += 1) {
        const names = ['a', 'b', 'c', 'd'].slice(0, consumers);
        // No owner, an expired one, or any of the consumers.
        const owners: (string | null)[] = [null, 'gone', ...names];
        for (let code = 0; code < owners.length ** shards; code += 1) {
          const before = new Map(
            Array.from({ length: shards }, (_, shard) => [
              shard,
              owners[Math.floor(code / owners.length ** shard) % owners.length] ?? null,
            ]),
          );
          check(before, names);
          cases += 1;
        }
      }
    }
    expect(cases).toBe(82_199);
  });

  it('the formula is the minimum: no balanced assignment of up to 5 shards and 3 consumers moves less', () => {
    const names = ['a', 'b', 'c'];
    for (let shards = 1; shards <= 5; shards += 1) {
      const every = (owners: readonly string[]): Map<number, string>[] =>
        Array.from(
          { length: owners.length ** shards },
          (_, code) =>
            new Map(
              Array.from({ length: shards }, (_shard, shard) => [
                shard,
                owners[Math.floor(code / owners.length ** shard) % owners.length] ?? '',
              ]),
            ),
        );
      const balanced = every(names).filter((candidate) => {
        const loads = loadsOf(candidate, names);
        return Math.max(...loads) - Math.min(...loads) <= 1;
      });
      for (const before of every([...names, 'gone'])) {
        const best = Math.min(...balanced.map((candidate) => movesOf(before, candidate, names)));
        expect(fewestMoves(before, names)).toBe(best);
      }
    }
  });

  const situation = (maxShards: number, maxConsumers: number) =>
    fc.integer({ min: 1, max: maxConsumers }).chain((consumers) =>
      fc.record({
        consumers: fc.constant(Array.from({ length: consumers }, (_, at) => `consumer-${at}`)),
        owners: fc.array(fc.option(fc.integer({ min: 0, max: consumers })), {
          maxLength: maxShards,
          size: 'max',
        }),
      }),
    );
  const targetsOf = (owners: readonly (number | null)[]): Map<number, string | null> =>
    new Map(owners.map((owner, shard) => [shard, owner === null ? null : `consumer-${owner}`]));

  it('does so for random inputs', () => {
    fc.assert(
      fc.property(situation(200, 40), ({ consumers, owners }) => check(targetsOf(owners), consumers)),
      { numRuns: 300 },
    );
  });

  it('does so for 10 000 shards and 1 000 consumers, some of them new', () => {
    for (const present of [0, 1, 500, 999, 1_000]) {
      const consumers = Array.from({ length: 1_000 }, (_, at) => `consumer-${at}`);
      const before = new Map(
        Array.from({ length: 10_000 }, (_, shard) => [
          shard,
          present === 0 ? null : `consumer-${(shard * 7) % present}`,
        ]),
      );
      const after = assign(before, consumers);
      expect(new Set(loadsOf(after, consumers))).toEqual(new Set([10]));
      expect(movesOf(before, after, consumers)).toBe(fewestMoves(before, consumers));
    }
  });

  it('returns the same output for the same input in any order', () => {
    fc.assert(
      fc.property(situation(40, 8), fc.infiniteStream(fc.nat()), ({ consumers, owners }, random) => {
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => [random.next().value as number, item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item);
        const before = targetsOf(owners);
        const sorted = (result: Targets) => [...result].sort(([a], [b]) => a - b);
        expect(sorted(assign(new Map(shuffled([...before])), shuffled(consumers)))).toEqual(
          sorted(assign(before, consumers)),
        );
      }),
    );
  });

  it('moves no shard if nothing changed', () => {
    fc.assert(
      fc.property(situation(60, 12), ({ consumers, owners }) => {
        const settled = assign(targetsOf(owners), consumers);
        expect(assign(settled, consumers)).toEqual(settled);
      }),
    );
  });
});
