/** The records of holders: that leases which are renewed together are, and that no name is taken for another. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import { suiteRedis } from '../../suite-redis.ts';

const tenant = 'presence/records';
const key = `{hb:0}:l${tenant.length}:${tenant}`;

const redis = suiteRedis();
let store: Store;
beforeAll(async () => {
  store = await redis.openStore({ partitions: 1 });
  await store.freezeClock();
});
afterAll(() => store.close());
beforeEach(() => store.drop({ tenant }));

const beat = (groups: readonly string[], ttlMs = 10_000) =>
  store.beat({
    tenant,
    holder: 'ann',
    groups: groups.map((group) => ({ group })),
    ttlMs,
    grant: true,
    returning: 'state',
  });
const remaining = async (group: string): Promise<number | undefined> =>
  (await store.read({ tenant, group, holder: 'ann' }))?.remainingMs;

it('a holder has one record, whose size depends on the names of its groups and not on how often they are renewed', async () => {
  const groups = Array.from({ length: 100 }, (_, at) => `channel-${at}`);
  await beat(groups);
  expect(await redis.client.hlen(key)).toBe(1);
  const length = (await redis.client.hgetBuffer(key, 'ann'))?.length ?? 0;
  expect(length).toBeLessThan(100 * 25);
  for (let times = 0; times < 3; times += 1) {
    await store.advanceClock(1_000);
    await beat(groups);
  }
  await beat([...groups].reverse());
  expect((await redis.client.hgetBuffer(key, 'ann'))?.length).toBe(length);
});

it('the record of a single lease has 18 bytes beside the name of its group, whatever came before', async () => {
  const length = async (): Promise<number | undefined> => (await redis.client.hgetBuffer(key, 'ann'))?.length;
  await beat(['channel-1']);
  expect(await length()).toBe(18 + 'channel-1'.length);
  await beat(['channel-1', 'channel-2']);
  await store.release({ tenant, holder: 'ann', groups: ['channel-1'] });
  expect(await length()).toBe(18 + 'channel-2'.length);
  await store.advanceClock(1_000);
  await beat(['channel-2']);
  expect(await length()).toBe(18 + 'channel-2'.length);
  expect(await remaining('channel-2')).toBe(10_000);
});

it('a single lease is renewed to its TTL, however long that was and is', async () => {
  const hour = 3_600_000;
  for (const ttlMs of [10_000, 4 * hour, 5 * hour, 5 * hour, 400 * 24 * hour, 5 * hour, 4 * hour, 10_000]) {
    await beat(['a'], ttlMs);
    expect(await remaining('a')).toBe(ttlMs);
    await store.advanceClock(1_000);
    await beat(['a'], ttlMs);
    expect(await remaining('a')).toBe(ttlMs);
  }
  expect(await store.advanceClock(9_999)).toEqual([]);
  expect(await store.advanceClock(1)).toMatchObject([{ type: 'expired', group: 'a', lateMs: 0 }]);
});

it('parts of what a holder has are renewed each, also in one batch', async () => {
  const [first, second] = [
    ['a', 'b'],
    ['c', 'd'],
  ] as const;
  await beat([...first, ...second]);
  for (let round = 0; round < 3; round += 1) {
    await store.advanceClock(1_000);
    await Promise.all([beat(first), beat(second)]);
    for (const group of [...first, ...second]) expect(await remaining(group)).toBe(10_000);
  }
  await store.advanceClock(1_000);
  await beat(first);
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(remaining))).toEqual([10_000, 10_000, 9_000, 9_000]);
});

it('each beat of a batch renews its lease alone and tells of its data, however often the batch names it and whatever its holder has', async () => {
  const holders = ['ann', 'bob', 'cy'];
  const groups = ['a', 'bb', '1:a'];
  const one = fc.record({
    holder: fc.constantFrom(...holders),
    group: fc.constantFrom(...groups),
    isKnown: fc.boolean(),
  });
  const batches = fc.array(fc.array(one, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 });
  const single = { tenant, ttlMs: 10_000, grant: true, returning: 'data' } as const;
  await fc.assert(
    fc.asyncProperty(fc.subarray(groups, { minLength: 1 }), batches, async (held, batches) => {
      await store.drop({ tenant });
      const leases = new Map<string, { leftMs: number; version: number }>();
      for (const holder of holders) {
        // The last one has a single lease.
        for (const group of holder === 'cy' ? held.slice(0, 1) : held) {
          const data = `${holder} ${group}`;
          const granted = await store.beat({ ...single, holder, groups: [{ group, data }] });
          leases.set(data, { leftMs: 10_000, version: granted.leases[0]?.version ?? 0 });
        }
      }
      for (const batch of batches) {
        await store.advanceClock(500);
        for (const lease of leases.values()) lease.leftMs -= 500;
        const beats = batch.filter(({ holder, group }) => leases.has(`${holder} ${group}`));
        const results = await Promise.all(
          beats.map(({ holder, group, isKnown }) => {
            const { version = 0 } = leases.get(`${holder} ${group}`) ?? {};
            const knownVersion = isKnown ? version : 0;
            return store.beat({ ...single, holder, groups: [{ group, knownVersion }] });
          }),
        );
        for (const [at, { holder, group, isKnown }] of beats.entries()) {
          const lease = leases.get(`${holder} ${group}`) ?? { leftMs: 0, version: 0 };
          lease.leftMs = 10_000;
          const [told] = results[at]?.leases ?? [];
          expect(told).toMatchObject({ state: 'renewed', version: lease.version });
          const data = `${holder} ${group}`;
          expect(isKnown ? (told?.data ?? data) : told?.data).toBe(data);
        }
        for (const [name, { leftMs }] of leases) {
          const [holder = '', group = ''] = name.split(' ');
          expect((await store.read({ tenant, group, holder }))?.remainingMs).toBe(leftMs);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('a lease is found by the name of its group, whatever the other names contain', async () => {
  const name = fc.constantFrom(
    '',
    'a',
    '1:a',
    '3:1:a',
    '1',
    ':',
    '11:a',
    'a1:a',
    '0:',
    '\u0000',
    '\u0001:a',
    'é',
    '2:é',
  );
  const names = fc.uniqueArray(name, { minLength: 1 });
  const step = fc.record({ names, releases: fc.boolean(), ttlMs: fc.constantFrom(2_000, 5_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), name, async (steps, wanted) => {
      await store.drop({ tenant });
      const held = new Map<string, number>();
      for (const { names, releases, ttlMs } of steps) {
        if (releases) await store.release({ tenant, holder: 'ann', groups: names });
        else await beat(names, ttlMs);
        for (const each of names) {
          if (releases) held.delete(each);
          else held.set(each, ttlMs);
        }
        await store.advanceClock(500);
        for (const [each, left] of held) held.set(each, left - 500);
        for (const [each, left] of held) if (left <= 0) held.delete(each);
      }
      expect(await remaining(wanted)).toBe(held.get(wanted));
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual([...held.keys()].sort());
      const { leases } = await store.members({ tenant, group: wanted, offset: 0, limit: 10 });
      expect(leases.map(({ remainingMs }) => remainingMs)).toEqual(
        held.has(wanted) ? [held.get(wanted)] : [],
      );
    }),
    { numRuns: 150 },
  );
});
