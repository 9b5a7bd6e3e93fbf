/**
 * What a lease costs in Redis, by kind of key: grants leases in groups of several sizes over a Redis that it starts, and sums up the
 * memory of its keys. Prints figures as JSON. LEASES, GROUP_SIZES, GROUPS_PER_HOLDER, TENANTS and HOLDER_BYTES change what is measured.
 */
import { Redis } from 'ioredis';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import { startRedis } from '../test/redis-server.ts';
import { bytesByKind, redisMemory } from './shared/redis-stats.ts';

const leases = Number(process.env.LEASES ?? 50_000);
const groupSizes = (process.env.GROUP_SIZES ?? '5,100').split(',').map(Number);
const perHolder = Number(process.env.GROUPS_PER_HOLDER ?? 1);
const holderBytes = Number(process.env.HOLDER_BYTES ?? 12);
const tenants = Number(process.env.TENANTS ?? 1);
const ttlMs = 3_600_000;
const atOnce = 1_000;

const server = await startRedis();
const redis = new Redis(server.port, '127.0.0.1');

async function measure(groupSize: number): Promise<Record<string, unknown>> {
  const store = createStore(await openRedisDriver({ url: server.url, timeoutMs: 60_000 }));
  const groups = Math.ceil(leases / groupSize);
  const groupsOf = (holder: number): { group: string }[] =>
    Array.from({ length: perHolder }, (_, index) => ({
      group: `channel-${(holder * perHolder + index) % groups}`,
    }));
  // All holders of a group are of one tenant.
  const tenantOf = (holder: number): string =>
    `presence/sub-c-demo${tenants === 1 ? '' : ((holder * perHolder) % groups) % tenants}`;
  const grant = async (holders: number): Promise<void> => {
    for (let from = 0; from < holders; from += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, holders - from) }, (_, at) => from + at);
      await Promise.all(
        numbers.map((number) =>
          store.beat({
            tenant: tenantOf(number),
            holder: String(number).padStart(holderBytes, 'u'),
            groups: groupsOf(number),
            ttlMs,
            grant: true,
          }),
        ),
      );
    }
  };
  // Connections and scripts take memory from their first use on, whatever there is to hold.
  await grant(2 * atOnce);
  await redis.flushall();
  const before = await redisMemory(redis);
  await grant(leases / perHolder);
  const total = (await redisMemory(redis)) - before;
  const kinds = await bytesByKind(redis);
  await store.close();
  const perLease = (bytes: number): number => Math.round((10 * bytes) / leases) / 10;
  const byKind = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, bytes]) => [kind, perLease(bytes)]);
  return { groupSize, perHolder, bytesPerLease: perLease(total), byKind: Object.fromEntries(byKind) };
}

for (const groupSize of groupSizes) console.log(JSON.stringify(await measure(groupSize)));
redis.disconnect();
await server.stop();
