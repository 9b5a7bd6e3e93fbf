import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyHeartbeat,
  type ConsumerGroup,
  newGroup,
  ownedShards,
  reconcile,
} from '../../../../src/protocols/sls/consumer-groups/rebalance/consumer-group.ts';

const shardIds = [0, 1, 2, 3];

/** A group and its members, without a store. */
class World {
  group: ConsumerGroup = newGroup('id', 60, false);
  #revision = 0;
  readonly #live = new Set<string>();
  readonly #shardIds: readonly number[];

  constructor(ids: readonly number[] = shardIds) {
    this.#shardIds = ids;
  }

  #clock = 1_000;

  /** Advances the consumers' clocks by a second and returns the time. */
  now(): number {
    this.#clock += 1;
    return this.#clock;
  }

  /** `sentAt`: null for a heartbeat without a date. */
  beat(consumer: string, held: readonly number[], sentAt: number | null = this.now()): number[] {
    if (!this.#live.has(consumer)) {
      this.#live.add(consumer);
      this.#revision += 1;
    }
    const heartbeat = { consumer, held, sentAt: sentAt ?? undefined };
    this.group =
      this.group.revision === this.#revision
        ? applyHeartbeat(this.group, heartbeat)
        : reconcile(this.group, {
            consumers: [...this.#live],
            revision: this.#revision,
            logstoreVersion: 0,
            shards: this.#shardIds.map((id) => ({ id, parents: [], isFinished: false })),
            heartbeat,
          });
    return ownedShards(this.group, consumer);
  }

  crash(consumer: string): void {
    if (this.#live.delete(consumer)) this.#revision += 1;
  }

  isLive(consumer: string): boolean {
    return this.#live.has(consumer);
  }
}

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

const names = ['A', 'B', 'C', 'D'];
const times = ['a second apart', 'at once', 'without a date'] as const;

it('the same heartbeats receive the same replies, whatever time passes between them', () => {
  const step = fc.record({
    name: fc.constantFrom(...names),
    // What the consumer reports: all shards of all replies, those of the last reply, or none.
    lists: fc.constantFrom('all', 'all', 'last', 'last', 'none'),
    crashes: fc.constantFrom(false, false, false, false, false, true),
  });
  fc.assert(
    fc.property(fc.array(step, { size: 'large' }), (steps) => {
      const answersOf = (time: (typeof times)[number]): number[][] => {
        const world = new World();
        const told = new Map<string, { all: Set<number>; last: readonly number[] }>();
        return steps.map(({ name, lists, crashes }) => {
          if (crashes) {
            world.crash(name);
            told.delete(name);
          }
          const { all, last } = told.get(name) ?? { all: new Set(), last: [] };
          const held = { all: [...all], last, none: [] }[lists];
          const date = { 'a second apart': world.now(), 'at once': 1_000, 'without a date': null }[time];
          const answer = world.beat(name, held, date);
          told.set(name, { all: new Set([...held, ...answer]), last: answer });
          return answer;
        });
      };
      const [first, ...others] = times.map(answersOf);
      for (const answers of others) expect(answers).toEqual(first);
    }),
    { numRuns: Number(process.env.HISTORIES ?? 200) },
  );
}, 300_000);

/** Arbitrary steps in a group with an arbitrary number of shards. */
function historiesOf<T>(step: fc.Arbitrary<T>) {
  return fc.record({
    steps: fc.array(step, { size: 'large' }),
    shardCount: fc.integer({ min: 1, max: 9 }),
    time: fc.constantFrom(...times),
  });
}

it('in any history no shard is held by two consumers, and the group settles once requests arrive in order', () => {
  const step = fc.record({
    kind: fc.constantFrom('beat', 'beat', 'beat', 'lost reply', 'release', 'repeat', 'crash'),
    name: fc.constantFrom(...names),
    which: fc.integer({ min: 0, max: 99 }),
  });
  fc.assert(
    fc.property(historiesOf(step), ({ steps, shardCount, time }) => {
      const ids = Array.from({ length: shardCount }, (_, id) => id);
      const world = new World(ids);
      // As in the vendor's libraries, an assigned shard is held until its shutdown is complete.
      const clients = new Map(
        names.map((name) => [
          name,
          { granted: new Set<number>(), holds: new Set<number>(), past: [] as [number[], number | null][] },
        ]),
      );
      const client = (name: string) =>
        clients.get(name) ?? { granted: new Set<number>(), holds: new Set<number>(), past: [] };
      const listen = (name: string, answer: readonly number[]): void => {
        client(name).granted = new Set(answer);
        for (const id of answer) client(name).holds.add(id);
      };
      const letGo = (name: string): void => {
        const { granted, holds } = client(name);
        for (const id of holds) if (!granted.has(id)) holds.delete(id);
      };
      const beat = (name: string, answers: boolean): void => {
        const sentAt = { 'a second apart': world.now(), 'at once': 1_000, 'without a date': null }[time];
        const held = [...client(name).holds];
        // If dates do not tell the order, copies arrive before the next heartbeat of their consumer.
        if (time !== 'a second apart') client(name).past = [];
        client(name).past.push([held, sentAt]);
        const answer = world.beat(name, held, sentAt);
        if (answers) listen(name, answer);
      };
      const check = (): void => {
        for (const id of ids) {
          const holders = names.filter((name) => world.isLive(name) && client(name).holds.has(id));
          expect(holders.length, `shard ${id}`).toBeLessThanOrEqual(1);
        }
      };
      for (const { kind, name, which } of steps) {
        if (kind === 'beat' || kind === 'lost reply') beat(name, kind === 'beat');
        else if (kind === 'release') letGo(name);
        else if (kind === 'repeat') {
          // A copy of an earlier heartbeat arrives; its reply is not read.
          const { past } = client(name);
          const [copy] = past.splice(Math.floor((past.length * which) / 100), 1);
          if (world.isLive(name) && copy !== undefined) world.beat(name, ...copy);
        } else {
          world.crash(name);
          client(name).granted.clear();
          client(name).holds.clear();
          client(name).past = [];
        }
        check();
      }
      const live = names.filter((name) => world.isLive(name));
      for (let round = 0; round < 6; round += 1) {
        for (const name of live) {
          beat(name, true);
          letGo(name);
          check();
        }
      }
      if (live.length > 0) {
        const held = live.map((name) => client(name).holds.size);
        expect(held.reduce((total, count) => total + count, 0)).toBe(shardCount);
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: Number(process.env.HISTORIES ?? 400) },
  );
}, 300_000);
