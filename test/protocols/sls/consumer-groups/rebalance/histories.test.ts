/** Random histories of a group: what holds whatever consumers do. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { World } from './world.ts';

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
