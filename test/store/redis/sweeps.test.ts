/** Sweeps of what many holders have in many groups: whichever way a sweep takes a record, each lease ends once, in order. */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Driver } from '../../../src/store/driver.ts';
import { eventsOf } from '../../../src/store/event-runs.ts';
import type { TenantEvent } from '../../../src/store/leases.ts';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import { type RedisServer, startRedis } from '../../redis-server.ts';

const tenant = 'presence/sweeps';

let server: RedisServer;
let redis: Redis;
let driver: Driver;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, '127.0.0.1');
  driver = await openRedisDriver({ url: server.url, timeoutMs: 5_000, partitions: 1 });
});
afterAll(async () => {
  await driver.close();
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  await driver.setClock(0, { frozen: true });
});

interface Beat {
  readonly holder: string;
  readonly groups: readonly string[];
  readonly ttlMs: number;
  readonly data?: string;
}

async function beat(beats: readonly Beat[]): Promise<void> {
  const commands = beats.map(({ holder, groups, ttlMs, data }) => ({
    name: 'beat' as const,
    input: {
      tenant,
      holder,
      ttlMs,
      grant: true,
      groups: groups.map((group) => ({ group, ...(data !== undefined && { data }) })),
    },
  }));
  for (const outcome of await driver.execute(0, commands)) if ('error' in outcome) throw outcome.error;
}

/** Sweeps until nothing is due. Resolves with the events of each sweep, of which the latest come first. */
async function sweepAll(): Promise<(readonly TenantEvent[])[]> {
  const sweeps: (readonly TenantEvent[])[] = [];
  for (let more = true; more; ) {
    const swept = await driver.sweep(0, 'test', driver.sweepSize);
    const lateMs = swept.expired.map((run) => run.lateMs);
    expect(lateMs).toEqual(lateMs.toSorted((a, b) => b - a));
    sweeps.push(swept.expired.flatMap(eventsOf));
    more = swept.more;
  }
  return sweeps;
}

const keysLeft = async (): Promise<string[]> =>
  (await redis.keys('*')).filter((key) => !key.endsWith(':clock'));

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${name}-${at}`);

it('a holder in more groups than a sweep ends leases loses each of them once', async () => {
  const groups = numbered('channel', 3_500);
  await beat([{ holder: 'ann', groups, ttlMs: 1_000 }]);
  await beat([{ holder: 'bea', groups: groups.slice(0, 1_500), ttlMs: 1_000, data: '{}' }]);
  await driver.setClock(0, { advanceMs: 1_000 });
  const ended = (await sweepAll()).flat();
  expect(ended).toHaveLength(5_000);
  expect(new Set(ended.map(({ group, holder }) => `${holder} ${group}`)).size).toBe(5_000);
  expect(ended.filter(({ data }) => data === '{}')).toHaveLength(1_500);
  expect(await keysLeft()).toEqual([]);
});

it('a sweep takes a bounded number of leases, whatever they are spread over', async () => {
  const beats = numbered('user', 60).map((holder) => ({
    holder,
    groups: numbered('channel', 100),
    ttlMs: 1_000,
  }));
  for (let from = 0; from < beats.length; from += 20) await beat(beats.slice(from, from + 20));
  await driver.setClock(0, { advanceMs: 1_000 });
  const sweeps = await sweepAll();
  expect(sweeps.flat()).toHaveLength(6_000);
  for (const swept of sweeps) expect(swept.length).toBeLessThanOrEqual(2 * driver.sweepSize);
});

it('leases of any spread end once each, at their deadline, with revisions and counts that follow on each other', async () => {
  const holders = fc.uniqueArray(fc.constantFrom(...numbered('user', 90)), {
    minLength: 1,
    maxLength: 90,
    size: 'max',
  });
  const groups = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
  const step = fc.record({
    holders,
    groups: fc.oneof(fc.constant(['a']), groups),
    ttlMs: fc.constantFrom(500, 1_000, 1_500, 20_000_000),
    data: fc.option(fc.constantFrom('{}', '{"mood":"fine"}'), { nil: undefined }),
    advanceMs: fc.constantFrom(0, 100, 500),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      await redis.flushall();
      await driver.setClock(0, { frozen: true });
      let nowMs = 0;
      const deadlines = new Map<string, number>();
      const advance = async (byMs: number): Promise<void> => {
        await driver.setClock(0, { advanceMs: byMs });
        nowMs += byMs;
        const swept = (await sweepAll()).flat();
        const due = [...deadlines].filter(([, deadline]) => deadline <= nowMs);
        expect(
          swept.map(({ holder, group, lateMs }) => `${holder} ${group} ${nowMs - lateMs}`).sort(),
        ).toEqual(due.map(([lease, deadline]) => `${lease} ${deadline}`).sort());
        for (const [lease] of due) deadlines.delete(lease);
        for (const [group, events] of Map.groupBy(swept, ({ group }) => group)) {
          const left = [...deadlines.keys()].filter((lease) => lease.endsWith(` ${group}`)).length;
          const inOrder = events.toSorted((a, b) => a.revision - b.revision);
          expect(inOrder.map(({ count }) => count - left)).toEqual(
            events.map((_, at) => events.length - 1 - at),
          );
          expect(new Set(events.map(({ revision }) => revision)).size).toBe(events.length);
        }
      };
      for (const { holders, groups, ttlMs, data, advanceMs } of steps) {
        await beat(holders.map((holder) => ({ holder, groups, ttlMs, ...(data !== undefined && { data }) })));
        for (const holder of holders)
          for (const group of groups) deadlines.set(`${holder} ${group}`, nowMs + ttlMs);
        await advance(advanceMs);
      }
      await advance(20_000_000);
      expect(await keysLeft()).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
