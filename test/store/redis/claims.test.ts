/** Who may sweep what an advance made due, while several nodes advance clocks. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Driver } from '../../../src/store/driver.ts';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import { type RedisServer, startRedis } from '../../redis-server.ts';

const claims = '{hb:0}:claims';

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

/** Grants a lease to the same holder in each tenant. */
async function grant(...tenants: readonly string[]): Promise<void> {
  const lease = { holder: 'ann', groups: [{ group: 'g' }], ttlMs: 100, grant: true };
  await driver.execute(
    0,
    tenants.map((tenant) => ({ name: 'beat', input: { ...lease, tenant } })),
  );
}

async function sweep(owner: string): Promise<{ readonly tenants: string[]; readonly heldBack: unknown }> {
  const { expired, heldBack } = await driver.sweep(0, owner, 10);
  return { tenants: expired.map(({ tenant }) => tenant).sort(), heldBack };
}

it('a claim on a tenant keeps others from what its own clock made due, and from nothing else', async () => {
  await grant('a', 'b', 'c');
  await driver.claimSweep(0, 'one', 5_000, 'a');
  await driver.claimSweep(0, 'two', 5_000, 'b');
  await driver.setClock(0, { tenant: 'a', advanceMs: 100 });
  await driver.setClock(0, { tenant: 'b', advanceMs: 100 });
  await driver.setClock(0, { advanceMs: 100 });
  expect(await sweep('two')).toEqual({ tenants: ['b', 'c'], heldBack: false });
  await driver.claimSweep(0, 'two', 0, 'b');
  expect(await sweep('three')).toEqual({ tenants: [], heldBack: true });
  expect(await sweep('one')).toEqual({ tenants: ['a'], heldBack: false });
});

it('of two claims on the same the later one holds, and the end of the earlier one leaves it alone', async () => {
  await grant('a');
  await driver.claimSweep(0, 'one', 5_000);
  await driver.setClock(0, { advanceMs: 100 });
  await driver.claimSweep(0, 'two', 5_000);
  expect(await sweep('one')).toEqual({ tenants: [], heldBack: true });
  await driver.claimSweep(0, 'one', 0);
  expect(await sweep('one')).toEqual({ tenants: [], heldBack: true });
  await driver.claimSweep(0, 'two', 0);
  expect(await redis.exists(claims)).toBe(0);
  expect(await sweep('one')).toEqual({ tenants: ['a'], heldBack: false });
});

it('a claim of a node that died ends by itself, and nothing of it is left', async () => {
  await grant('a');
  await driver.setClock(0, { advanceMs: 100 });
  await redis.hset(claims, '', '1;a node that died');
  expect(await sweep('one')).toEqual({ tenants: ['a'], heldBack: false });
  expect(await redis.exists(claims)).toBe(0);
});
