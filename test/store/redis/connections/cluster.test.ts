import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../../src/store/driver.ts';
import { hashSlot } from '../../../../src/store/redis/connections/slots.ts';
import { openRedisDriver } from '../../../../src/store/redis/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { type RedisCluster, type RedisServer, startCluster } from '../../../redis-server.ts';
import { recordLog } from './recorded-log.ts';

const timeoutMs = 2_000;
const partitions = Array.from({ length: 64 }, (_, partition) => partition);
const tenants = Array.from({ length: 60 }, (_, at) => `test/t${at}`);

describe('on a Redis Cluster', () => {
  let cluster: RedisCluster;
  let driver: Driver;
  let store: Store;
  const { log, lines } = recordLog();
  const clients = new Map<RedisServer, Redis>();
  beforeAll(async () => {
    cluster = await startCluster();
    for (const server of cluster.servers) clients.set(server, new Redis(server.port, '127.0.0.1'));
  });
  afterAll(async () => {
    for (const client of clients.values()) client.disconnect();
    await cluster.stop();
  });
  beforeEach(async () => {
    for (const client of clients.values()) await client.flushall();
    driver = await openRedisDriver({ url: cluster.url, timeoutMs, log });
    store = createStore(driver);
    lines.length = 0;
  });
  afterEach(async () => {
    await store.close();
  });
  const admin = async (server: RedisServer, ...command: [string, ...(string | number)[]]): Promise<unknown> =>
    clients.get(server)?.call(...command);
  /** Each of three masters has a third of the slots. */
  const serverOfPartition = (partition: number): RedisServer => {
    const slot = hashSlot(`hb:${partition}`);
    const at = [2, 1, 0].find((third) => slot >= Math.floor((third * 16_384) / 3)) ?? 0;
    return cluster.servers[at] as RedisServer;
  };
  const serverOf = (tenant: string): RedisServer => serverOfPartition(driver.partitionOf(tenant));
  const beat = (tenant: string) =>
    store.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs: 60_000, grant: true });
  const failed = async (some: readonly string[]): Promise<string[]> => {
    const results = await Promise.allSettled(some.map(beat));
    return results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  };
  const subscribedServer = async (): Promise<RedisServer | undefined> => {
    for (const server of cluster.servers)
      if (/ sub=64 /.test(String(await admin(server, 'CLIENT', 'LIST')))) return server;
    return undefined;
  };

  it('if a master hangs only its own partitions are away, and the health check names them', async () => {
    expect(await store.ping()).toEqual({ away: [], refusing: [] });
    // The one that announces appends too.
    const hung = (await subscribedServer()) as RedisServer;
    const [ofHung, others] = [true, false].map((isOf) =>
      tenants.filter((tenant) => (serverOf(tenant) === hung) === isOf),
    ) as [string[], string[]];
    const observer = cluster.servers.find((server) => server !== hung) as RedisServer;
    hung.freeze();

    const failures: string[] = [];
    const isMarkedAsFailed = async (): Promise<boolean> => {
      failures.push(...(await failed(others)));
      return /cluster_slots_fail:[1-9]/.test(String(await admin(observer, 'CLUSTER', 'INFO')));
    };
    await expect.poll(isMarkedAsFailed, { timeout: 15_000, interval: 1 }).toBe(true);
    expect(failures).toEqual([]);
    expect(await failed(ofHung)).toHaveLength(ofHung.length);
    const { away } = await store.ping();
    expect(away.flatMap(({ partitions }) => partitions).sort((a, b) => a - b)).toEqual(
      partitions.filter((partition) => serverOfPartition(partition) === hung),
    );
    expect(lines.join('\n')).toMatch(/failed; retrying.*subscriber/);
    const announced: string[] = [];
    driver.onAppend((tenant) => announced.push(tenant));
    const [tenant = ''] = others;
    await driver.watchAppends(driver.partitionOf(tenant), 10_000);
    await store.commit({ tenant, appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }] });
    await expect.poll(() => announced).toEqual([tenant]);

    hung.thaw();
    await expect.poll(() => failed(tenants), { timeout: 5_000 }).toEqual([]);
    expect(await store.ping()).toEqual({ away: [], refusing: [] });
  });

  it('partitions are assigned the slots that Redis computes for their keys', async () => {
    const [server] = cluster.servers as [RedisServer];
    for (const partition of partitions)
      expect(await admin(server, 'CLUSTER', 'KEYSLOT', `{hb:${partition}}:clock`)).toBe(
        hashSlot(`hb:${partition}`),
      );
  });
});
