/** What is in Redis: that nothing is left of what ended, and that it is kept in a form that stays fast. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import { suiteRedis } from '../../suite-redis.ts';

const tenant = 'presence/keys';
const ttlMs = 1_000;

const redis = suiteRedis();
let store: Store;

beforeEach(async () => {
  await redis.client.flushall();
  // Topics of events go soon as well: they are not what is looked at here.
  const events = { keepEntries: 100, idleMs: 1 };
  store = await redis.openStore({ partitions: 1, events });
  await store.freezeClock();
});
afterEach(() => store.close());

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `holder-${at}`);

function grant(holders: readonly string[], ...groups: readonly string[]): Promise<unknown> {
  const named = groups.map((group) => ({ group, data: '{}' }));
  return Promise.all(
    holders.map((holder) => store.beat({ tenant, holder, groups: named, ttlMs, grant: true })),
  );
}

const keysLeft = async (): Promise<string[]> =>
  (await redis.client.keys('*')).filter((key) => !key.endsWith(':clock')).sort();

describe('nothing is left', () => {
  it.each([
    ['one lease', 1, ['a']],
    ['many leases', 100, ['a']],
    ['many leases of holders that have several', 100, ['a', 'b']],
  ])('of %s that ended', async (_, count, groups) => {
    await grant(names(count), ...groups);
    expect(await store.advanceClock(ttlMs)).toHaveLength(count * groups.length);
    expect(await keysLeft()).toEqual([]);
  });

  it('of many leases that were released', async () => {
    await grant(names(100), 'a');
    await Promise.all(names(100).map((holder) => store.release({ tenant, holder })));
    expect(await keysLeft()).toEqual([]);
  });

  it('of watches that are over, however many', async () => {
    const groups = names(1_500);
    await store.watchEvents({ tenant, groups, prefixes: ['a', 'b'], forMs: 60_000 });
    expect(await keysLeft()).not.toEqual([]);
    // Takes the clock of watches forward: they run on, whatever the lease clock is advanced by.
    await redis.client.hincrby('{hb:0}:clock', 'moved', -60_000);
    await store.advanceClock(60_000);
    await redis.client.hincrby('{hb:0}:clock', 'moved', -60_000);
    await store.advanceClock(0);
    expect(await keysLeft()).toEqual([]);
  });

  it('of a tenant that is dropped', async () => {
    await grant(names(100), 'a', 'b');
    expect(await keysLeft()).not.toEqual([]);
    await store.drop({ tenant });
    expect(await keysLeft()).toEqual([]);
  });
});

it('groupsOf is right whatever ended and was granted again', async () => {
  const some = fc.uniqueArray(fc.constantFrom(...names(20)), { minLength: 1 });
  const holders = fc.oneof(some, fc.constant(names(20)));
  const groups = fc.constantFrom(['a'], ['a'], ['a'], ['b'], ['a', 'b']);
  const round = fc.record({ holders, groups, advanceMs: fc.constantFrom(0, 400, 600, 1_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(round, { maxLength: 12, size: 'max' }), async (rounds) => {
      let nowMs = 0;
      const deadlines = new Map<string, Map<string, number>>();
      for (const { holders, groups, advanceMs } of rounds) {
        await grant(holders, ...groups);
        for (const holder of holders) {
          const own = deadlines.get(holder) ?? new Map<string, number>();
          deadlines.set(holder, own);
          for (const group of groups) own.set(group, nowMs + ttlMs);
        }
        await store.advanceClock(advanceMs);
        nowMs += advanceMs;
        for (const [holder, own] of deadlines) {
          const live = [...own].filter(([, deadline]) => deadline > nowMs).map(([group]) => group);
          expect([...(await store.groupsOf({ tenant, holder }))].sort()).toEqual(live.sort());
        }
      }
      await store.advanceClock(ttlMs);
      expect(await keysLeft()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

it('leases of a tenant and their data are in hash tables, except a few', async () => {
  const encodings = (): Promise<unknown[]> =>
    Promise.all(
      ['l', 'x'].map((kind) => redis.client.object('ENCODING', `{hb:0}:${kind}${tenant.length}:${tenant}`)),
    );
  await grant(names(10), 'a');
  expect(await encodings()).not.toContain('hashtable');
  await grant(names(30), 'a');
  expect(await encodings()).toEqual(['hashtable', 'hashtable']);
  const { count } = await store.members({ tenant, group: 'a', offset: 0, limit: 0 });
  expect(count).toBe(30);
});

it('data that is set after the grant is in a hash table as well', async () => {
  await Promise.all(
    names(30).map((holder) => store.beat({ tenant, holder, groups: [{ group: 'a' }], ttlMs, grant: true })),
  );
  for (const holder of names(30)) await store.setData({ tenant, group: 'a', holder, data: '{}' });
  expect(await redis.client.object('ENCODING', `{hb:0}:x${tenant.length}:${tenant}`)).toBe('hashtable');
});
