import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import { type RedisServer, startRedis } from '../../redis-server.ts';

const tenant = 'test/t';
let server: RedisServer;
let admin: Redis;
let store: Store;
const expired: string[] = [];
beforeEach(async () => {
  server = await startRedis();
  admin = new Redis(server.port, '127.0.0.1');
  store = createStore(await openRedisDriver({ url: server.url, timeoutMs: 2_000 }));
  expired.length = 0;
  store.observe(({ type, holder }) => {
    if (type === 'expired') expired.push(holder);
  });
});
afterEach(async () => {
  admin.disconnect();
  await store.close();
  await server.stop();
});

const beat = (holder: string, data?: string) =>
  store.beat({
    tenant,
    holder,
    groups: [data === undefined ? { group: 'g' } : { group: 'g', data }],
    ttlMs: 60_000,
    grant: true,
  });
const setFull = (isFull: boolean) => admin.config('SET', 'maxmemory', isFull ? '1' : '0');

it('a full Redis renews leases, refuses new ones, expires those that are due, and says so', async () => {
  await store.freezeClock();
  for (const holder of ['ann', 'bob']) await beat(holder, 'kept');
  await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: '1', ttlMs: 1_000 }] });
  await setFull(true);

  const answers = await Promise.allSettled([beat('ann', 'kept'), beat('new'), beat('bob', 'other')]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  for (const answer of answers)
    if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(StoreUnavailable);
  await expect(
    store.commit({ tenant, appends: [{ topic: 't', payload: Buffer.alloc(9), keepEntries: 9 }] }),
  ).rejects.toBeInstanceOf(StoreUnavailable);
  expect((await store.now({ tenant })).timetoken).toBeGreaterThan(0n);
  const [refusing] = (await store.ping()).refusing;
  expect(refusing?.partitions).toEqual([0, 1]);
  expect(refusing?.reason).toMatch(/^OOM command not allowed/);

  await store.advanceClock(30_000);
  expect((await beat('ann')).leases[0]?.state).toBe('renewed');
  await store.advanceClock(30_000);
  expect(expired).toEqual(['bob']);
  expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({ data: 'kept' });
  expect(await store.listDocuments({ tenant, collection: 'c' })).toEqual([]);
  await store.advanceClock(60_000);
  expect(expired).toEqual(['bob', 'ann']);

  await setFull(false);
  expect(await store.ping()).toEqual({ away: [], refusing: [] });
  expect((await beat('new')).leases[0]?.state).toBe('granted');
});

it('a full Redis frees what leases and documents held when they end', async () => {
  for (let at = 0; at < 50; at += 1) await beat(`h${at}`);
  await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: 'x'.repeat(500_000) }] });
  await setFull(true);
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
  const before = await used();
  await Promise.all(Array.from({ length: 50 }, (_, at) => store.release({ tenant, holder: `h${at}` })));
  await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: null }] });
  // Redis 8 frees large values in the background.
  await vi.waitFor(async () => expect(await used()).toBeLessThan(before - 300_000));
  await store.drop({ tenant });
  expect((await store.members({ tenant, group: 'g', offset: 0, limit: 1 })).count).toBe(0);
});

it('a full Redis refuses to load a tenant, which is as it was', async () => {
  await store.freezeClock();
  await beat('ann', 'kept');
  const before = await store.dump({ tenant });
  await setFull(true);
  await expect(store.load({ tenant, dump: { ...before, leases: [] } })).rejects.toBeInstanceOf(
    StoreUnavailable,
  );
  expect(await store.dump({ tenant })).toEqual(before);
  await setFull(false);
  await store.load({ tenant, dump: { ...before, leases: [] } });
  expect((await store.dump({ tenant })).leases).toEqual([]);
});
