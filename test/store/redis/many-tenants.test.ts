/** What many tenants over one Redis cost: the commands of a turn are one call, whatever their tenants. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import { partitionsOf } from '../../../src/store/redis/partitions.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { serverSpace } from '../../../src/store/server-space.ts';
import type { BeatResult, Store } from '../../../src/store/store.ts';
import { type RedisCluster, startCluster } from '../../redis-server.ts';
import { suiteRedis } from '../../suite-redis.ts';

const ttlMs = 60_000;
const tenants = Array.from({ length: 64 }, (_, at) => `test/t${at}`);

const beatIn = (store: Store, tenant: string, holder = 'ann', data?: string): Promise<BeatResult> => {
  const group = data === undefined ? { group: 'g' } : { group: 'g', data };
  return store.beat({ tenant, holder, groups: [group], ttlMs, grant: true, returning: 'state' });
};
const states = (results: readonly BeatResult[]) => results.map(({ leases }) => leases[0]?.state);

async function field(redis: Redis, section: string, name: RegExp): Promise<number> {
  return Number(name.exec(await redis.info(section))?.[1]);
}

describe('over one Redis', () => {
  const redis = suiteRedis();
  let store: Store;
  beforeEach(async () => {
    await redis.client.flushall();
    store = await redis.openStore();
    await store.freezeClock();
  });
  afterEach(() => store.close());

  const calls = async (step: () => Promise<unknown>): Promise<number> => {
    await redis.client.config('RESETSTAT');
    await step();
    const stats = await redis.client.info('commandstats');
    return Number(/cmdstat_hmget:calls=(\d+)/.exec(stats)?.[1]);
  };

  it('one beat of each of 64 tenants reads a clock once', async () => {
    await Promise.all(tenants.map((tenant) => beatIn(store, tenant)));
    let results: readonly BeatResult[] = [];
    const reads = await calls(async () => {
      results = await Promise.all(tenants.map((tenant) => beatIn(store, tenant)));
    });
    expect(new Set(states(results))).toEqual(new Set(['renewed']));
    // One of each tenant's records, and those of sweeps that came in between.
    expect(reads).toBeGreaterThan(64);
    expect(reads).toBeLessThan(70);
  });

  it('beats of several tenants are answered each with its own result, in the order of a tenant', async () => {
    await Promise.all([beatIn(store, 'test/a'), beatIn(store, 'test/b'), beatIn(store, 'test/c')]);
    const results = await Promise.all([
      beatIn(store, 'test/a'),
      beatIn(store, 'test/b', 'new'),
      beatIn(store, 'test/c'),
      beatIn(store, 'test/b', 'new'),
      beatIn(store, 'test/a', 'late', '1'),
      beatIn(store, 'test/b'),
      beatIn(store, 'test/a', 'late'),
    ]);
    expect(states(results)).toEqual([
      'renewed',
      'granted',
      'renewed',
      'renewed',
      'granted',
      'renewed',
      'renewed',
    ]);
    expect(await store.read({ tenant: 'test/a', group: 'g', holder: 'late' })).toMatchObject({ data: '1' });
  });

  it('a grant of one tenant leaves the renewals of the others as cheap as they are', async () => {
    await Promise.all(tenants.map((tenant) => beatIn(store, tenant)));
    const [quiet, mixed] = [
      await calls(() => Promise.all(tenants.map((tenant) => beatIn(store, tenant)))),
      await calls(() =>
        Promise.all(tenants.map((tenant, at) => beatIn(store, tenant, at === 9 ? 'bob' : 'ann'))),
      ),
    ];
    expect(mixed - quiet).toBeLessThan(8);
  });

  it('all tenants are counted, however many there are', async () => {
    const many = Array.from({ length: 1_200 }, (_, at) => `test/many-${at}`);
    await Promise.all(many.map((tenant) => beatIn(store, tenant)));
    const counted = await store.tenants();
    expect(counted.map(({ tenant }) => tenant).sort()).toEqual(many.toSorted());
    expect(counted[0]).toMatchObject({ leases: 1, documents: 0, topics: 0 });
  });

  it('what nodes share is in another partition than what clients do', async () => {
    expect(store.partitions).toBe(2);
    expect(new Set(tenants.map((tenant) => store.partitionOf(tenant)))).toEqual(new Set([0]));
    expect(store.partitionOf(`${serverSpace}rules`)).toBe(1);
  });
});

describe('over a Redis Cluster', () => {
  let cluster: RedisCluster;
  let store: Store;
  beforeAll(async () => {
    cluster = await startCluster();
    store = createStore(await openRedisDriver({ url: cluster.url, timeoutMs: 5_000 }));
  });
  afterAll(async () => {
    await store.close();
    await cluster.stop();
  });

  it('the calls of one turn reach a master together', async () => {
    expect(new Set(tenants.map((tenant) => store.partitionOf(tenant))).size).toBeGreaterThan(30);
    await Promise.all(tenants.map((tenant) => beatIn(store, tenant)));
    const masters = cluster.servers.map(({ port }) => new Redis(port, '127.0.0.1'));
    const reads = () =>
      Promise.all(masters.map((redis) => field(redis, 'stats', /total_reads_processed:(\d+)/)));
    const before = await reads();
    for (let round = 0; round < 10; round += 1)
      await Promise.all(tenants.map((tenant) => beatIn(store, tenant)));
    const after = await reads();
    for (const redis of masters) redis.disconnect();
    // Ten writes to each, and those of sweeps; one by one there would be more than a hundred.
    for (const [at, count] of after.entries()) expect(count - (before[at] ?? 0)).toBeLessThan(80);
  });

  it('has 64 partitions, each with a share of the tenants', () => {
    const { partitions, shareOf } = partitionsOf('cluster');
    expect(partitions).toBe(64);
    expect(64 * shareOf(10_000)).toBe(13_248);
    expect(shareOf(0)).toBe(0);
  });
});
