import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ancestorsOf,
  merge,
  newShards,
  type Shards,
  shardForKey,
  split,
  withoutShard,
} from '../../../../src/protocols/sls/resources/shards/shards.ts';

const zeros = '0'.repeat(32);
const last = 'f'.repeat(32);
const ranges = ({ shards }: Shards): string[] =>
  shards
    .filter(({ status }) => status === 'readwrite')
    .map(({ shardID, inclusiveBeginKey, exclusiveEndKey }) =>
      [shardID, inclusiveBeginKey.slice(0, 2), exclusiveEndKey.slice(0, 2)].join(' '),
    );

describe('shards', () => {
  it('are split at a key or into even parts, and the parent becomes read-only', () => {
    const half = split(newShards(2, 100), 0, { key: `20${'0'.repeat(30)}` }, 200);
    expect(half.affected.map(({ shardID, status, parents }) => [shardID, status, parents])).toEqual([
      [0, 'readonly', []],
      [2, 'readwrite', [0]],
      [3, 'readwrite', [0]],
    ]);
    expect(ranges(half)).toEqual(['1 80 ff', '2 00 20', '3 20 80']);
    expect(ranges(split(half, 1, { count: 4 }, 300))).toEqual([
      '2 00 20',
      '3 20 80',
      '4 80 a0',
      '5 a0 c0',
      '6 c0 e0',
      '7 e0 ff',
    ]);
  });

  it('are merged with their neighbour to the right', () => {
    const merged = merge(newShards(3, 100), 1, 200);
    expect(merged.affected.map(({ shardID, status, parents }) => [shardID, status, parents])).toEqual([
      [3, 'readwrite', [1, 2]],
      [1, 'readonly', []],
      [2, 'readonly', []],
    ]);
    expect(ranges(merged)).toEqual(['0 00 55', '3 55 ff']);
  });

  it.each<[string, (shards: Shards) => unknown, string]>([
    ['an unknown shard', (shards) => split(shards, 9, { key: `10${'0'.repeat(30)}` }, 1), 'invalid shard id'],
    ['a key outside', (shards) => split(shards, 0, { key: `90${'0'.repeat(30)}` }, 1), 'invalid mid hash'],
    ['its own border', (shards) => split(shards, 0, { key: zeros }, 1), 'invalid mid hash'],
    ['the very last key', (shards) => split(shards, 1, { key: last }, 1), 'invalid mid hash'],
    ['what is no key', (shards) => split(shards, 0, { key: '1' }, 1), 'invalid mid hash'],
    ['the last shard', (shards) => merge(shards, 1, 1), 'can not merge the last shard'],
    ['a shard that takes no more', (shards) => merge(merge(shards, 0, 1), 0, 1), 'invalid shard id'],
    ['one that does, to delete it', (shards) => withoutShard(shards, 0), 'invalid shard id'],
  ])('are not changed for %s', (_what, reshape, message) => {
    expect(() => reshape(newShards(2, 1))).toThrow(message);
  });

  const step = fc.record({
    kind: fc.constantFrom('split', 'parts', 'merge', 'delete'),
    which: fc.nat(),
    key: fc.bigInt(0n, (1n << 128n) - 1n).map((key) => key.toString(16).padStart(32, '0')),
  });

  it('divide the key space, use no id twice and keep their ancestors after any splits, merges and deletions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(step, { maxLength: 30 }),
        fc.array(step.map(({ key }) => key)),
        (count, steps, keys) => {
          let shards: Shards = newShards(count, 1);
          const seen = new Set(shards.shards.map(({ shardID }) => shardID));
          for (const { kind, which, key } of steps) {
            const id = shards.shards[which % shards.shards.length]?.shardID ?? 0;
            const before = new Set(shards.shards.map(({ shardID }) => shardID));
            try {
              if (kind === 'split') shards = split(shards, id, { key }, 1);
              else if (kind === 'parts') shards = split(shards, id, { count: 2 + (which % 3) }, 1);
              else if (kind === 'merge') shards = merge(shards, id, 1);
              else shards = withoutShard(shards, id);
            } catch {
              continue;
            }
            for (const { shardID } of shards.shards) {
              expect(before.has(shardID) || !seen.has(shardID)).toBe(true);
              seen.add(shardID);
            }
          }
          const writable = shards.shards
            .filter(({ status }) => status === 'readwrite')
            .sort((a, b) => (a.inclusiveBeginKey < b.inclusiveBeginKey ? -1 : 1));
          expect(writable[0]?.inclusiveBeginKey).toBe(zeros);
          expect(writable.at(-1)?.exclusiveEndKey).toBe(last);
          for (const [at, shard] of writable.slice(1).entries())
            expect(shard.inclusiveBeginKey).toBe(writable[at]?.exclusiveEndKey);
          for (const key of [zeros, last, ...keys]) {
            const { inclusiveBeginKey, exclusiveEndKey } = shardForKey(shards.shards, key);
            expect(inclusiveBeginKey <= key && (key < exclusiveEndKey || exclusiveEndKey === last)).toBe(
              true,
            );
          }
          const byId = new Map(shards.shards.map((shard) => [shard.shardID, shard]));
          for (const id of byId.keys()) {
            for (const ancestor of ancestorsOf(byId, id)) {
              expect(ancestor).toBeLessThan(id);
              expect(byId.get(ancestor)?.status).toBe('readonly');
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
