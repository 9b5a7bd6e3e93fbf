/** Hand-overs of shards, step by step. */
import { describe, expect, it } from 'vitest';
import { World } from './world.ts';

describe('a hand-over', () => {
  it('takes the steps captured from real clients', () => {
    const world = new World();
    expect(world.beat('A', [])).toEqual([0, 1, 2, 3]);
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
    expect(world.beat('B', [])).toEqual([]);
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1]);
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([]);
    expect(world.beat('A', [0, 1])).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([2, 3]);
    expect(world.beat('B', [2, 3])).toEqual([2, 3]);
    world.crash('B');
    expect(world.beat('A', [0, 1])).toEqual([0, 1, 2, 3]);
  });

  it('is not ended by late and repeated heartbeats', () => {
    const world = new World();
    const first = world.now();
    world.beat('A', [], first);
    const second = world.now();
    world.beat('A', [0, 1, 2, 3], second);
    world.beat('B', []);
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1]);
    // Two copies of A's first heartbeat: its empty list does not release anything.
    expect(world.beat('A', [], first)).toEqual([0, 1]);
    expect(world.beat('A', [], first)).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([]);
    expect(world.beat('A', [0, 1])).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([2, 3]);
  });

  it('takes one more heartbeat of a consumer that never received the reply which assigned the shard', () => {
    const world = new World();
    world.beat('A', []);
    world.beat('B', []);
    // It may be a copy of A's first heartbeat, whose reply A received.
    expect(world.beat('A', [])).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([]);
    expect(world.beat('A', [0, 1])).toEqual([0, 1]);
    expect(world.beat('B', [])).toEqual([2, 3]);
  });

  it.each<[string, number | null]>([
    ['the same date', 1_000],
    ['no date', null],
  ])(
    'is not ended by a copy of the heartbeat whose reply assigned the shard, if all have %s',
    (_what, date) => {
      const world = new World();
      expect(world.beat('A', [], date)).toEqual([0, 1, 2, 3]);
      world.beat('B', [], date);
      world.beat('A', [], date);
      expect(world.beat('B', [], date)).toEqual([]);
      expect(world.beat('A', [0, 1, 2, 3], date)).toEqual([0, 1]);
      expect(world.beat('B', [], date)).toEqual([]);
      expect(world.beat('A', [0, 1], date)).toEqual([0, 1]);
      expect(world.beat('B', [], date)).toEqual([2, 3]);
    },
  );

  it('is not ended by a heartbeat older than one that reported the shard', () => {
    const world = new World();
    world.beat('A', [], 10);
    world.beat('A', [0, 1, 2, 3], 11);
    world.beat('B', [], 0);
    expect(world.beat('A', [0, 1, 2, 3], 15)).toEqual([0, 1]);
    for (const late of [10, 11, 14]) {
      expect(world.beat('A', [0, 1], late)).toEqual([0, 1]);
      expect(world.beat('B', [], 0)).toEqual([]);
    }
    expect(world.beat('A', [0, 1], 15)).toEqual([0, 1]);
    expect(world.beat('B', [], 0)).toEqual([2, 3]);
  });

  it('moves a shard at once if no reply to its owner contained it', () => {
    const world = new World();
    world.beat('A', []);
    world.beat('A', [0, 1, 2, 3]);
    world.beat('B', []);
    world.beat('A', [0, 1, 2, 3]);
    world.beat('A', [0, 1]);
    // 2 and 3 belong to B now, but no heartbeat of B arrived since when C joins.
    expect(world.beat('C', [])).toEqual([3]);
    expect(world.beat('B', [])).toEqual([2]);
  });

  it('is cancelled when the next owner expires', () => {
    const world = new World();
    world.beat('A', []);
    world.beat('A', [0, 1, 2, 3]);
    world.beat('B', []);
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1]);
    world.crash('B');
    expect(world.beat('A', [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
  });

  it('completes at once when the previous owner expires', () => {
    const world = new World();
    world.beat('A', []);
    world.beat('A', [0, 1, 2, 3]);
    world.beat('B', []);
    world.beat('A', [0, 1, 2, 3]);
    world.crash('A');
    expect(world.beat('B', [])).toEqual([0, 1, 2, 3]);
  });

  it('is not reversed when another consumer joins during it', () => {
    const world = new World([0, 1, 2, 3, 4, 5]);
    world.beat('A', []);
    world.beat('A', [0, 1, 2, 3, 4, 5]);
    world.beat('B', []);
    expect(world.beat('A', [0, 1, 2, 3, 4, 5])).toEqual([0, 1, 2]);
    world.beat('C', []);
    // The shards on their way to B stay on their way to B, as far as an even distribution allows.
    expect(world.group.shards.map(({ next, owner }) => next ?? owner)).toEqual([
      'A',
      'A',
      'C',
      'B',
      'B',
      'C',
    ]);
  });
});

it('a consumer beyond the number of shards owns none', () => {
  const world = new World([0]);
  expect(world.beat('A', [])).toEqual([0]);
  expect(world.beat('B', [])).toEqual([]);
});

it('reported shards that the consumer does not own are ignored', () => {
  const world = new World();
  world.beat('A', []);
  expect(world.beat('A', [0, 1, 2, 3, 99])).toEqual([0, 1, 2, 3]);
});
