/** Every step is all or nothing while a Redis Cluster moves the slot of its partition, key by key, to another master. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Driver } from '../../../../src/store/driver.ts';
import { hashSlot } from '../../../../src/store/redis/connections/slots.ts';
import { openRedisDriver } from '../../../../src/store/redis/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import {
  type LeaseEvent,
  leaseEventsTopic,
  type Store,
  StoreUnavailable,
} from '../../../../src/store/store.ts';
import { type RedisCluster, type RedisServer, startCluster } from '../../../redis-server.ts';

const tenant = 'test/t';
const groups = ['a', 'b', 'c'];
let cluster: RedisCluster;
let driver: Driver;
let store: Store;
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
  driver = await openRedisDriver({ url: cluster.url, timeoutMs: 5_000 });
  store = createStore(driver);
});
afterEach(() => store.close());

const admin = async (server: RedisServer, ...command: [string, ...(string | number)[]]): Promise<unknown> =>
  clients.get(server)?.call(...command);

interface Counter {
  readonly key: string;
  acknowledged: number;
}

/** Each commit writes the next number and appends an entry: their counts agree as long as each is all or nothing. */
async function count(counter: Counter): Promise<void> {
  const { key } = counter;
  const [found] = await store.readDocuments({ tenant, documents: [{ collection: 'c', key }] });
  const { committed } = await store.commit({
    tenant,
    writes: [
      { collection: 'c', key, version: found?.version ?? 0, value: String(Number(found?.value ?? 0) + 1) },
    ],
    appends: [{ topic: `log:${key}`, payload: Buffer.from('x'), after: 0n, keepEntries: 1_000_000 }],
  });
  if (committed) counter.acknowledged += 1;
}

async function changeLeases(holder: string): Promise<void> {
  const named = groups.map((group) => ({ group, data: '{}' }));
  await store.beat({ tenant, holder, groups: named, ttlMs: 60_000, grant: true, returning: 'state' });
  await store.release({ tenant, holder });
}

/** Repeats a step until `stop`. Returns what failed otherwise than with StoreUnavailable. */
function repeat(step: () => Promise<void>, stop: AbortSignal): Promise<Error[]> {
  const wrong: Error[] = [];
  const run = async (): Promise<Error[]> => {
    while (!stop.aborted) {
      await step().catch((error: Error) => {
        if (!(error instanceof StoreUnavailable)) wrong.push(error);
      });
    }
    return wrong;
  };
  return run();
}

async function masterOf(slot: number): Promise<RedisServer> {
  const [first] = cluster.servers as [RedisServer];
  const ranges = (await admin(first, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  return cluster.servers.find(({ port }) => port === range?.[2][1]) as RedisServer;
}

/** Moves a slot as redis-cli does, one key at a time; between two keys both masters serve other commands. */
async function moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<number> {
  const [fromId, toId] = (await Promise.all(
    [from, to].map((server) => admin(server, 'CLUSTER', 'MYID')),
  )) as [string, string];
  await admin(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await admin(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  let moved = 0;
  for (;;) {
    const keys = (await admin(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[];
    // The clock last on one way and first on the other: scripts are tried on both sides of the move.
    const [key] = keys.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
    if (key === undefined) break;
    await admin(from, 'MIGRATE', '127.0.0.1', to.port, key, 0, 5_000);
    moved += 1;
    for (let at = 0; at < 20; at += 1) await Promise.all([admin(from, 'PING'), admin(to, 'PING')]);
  }
  for (const server of [to, from]) await admin(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  return moved;
}
let isClockFirst = false;
const rank = (key: string): number => (key.endsWith(':clock') === isClockFirst ? 0 : 1);

it('a slot that is moved twice under load leaves no step half done', { timeout: 60_000 }, async () => {
  const partition = driver.partitionOf(tenant);
  const slot = hashSlot(`hb:${partition}`);
  await store.watchEvents({ tenant, groups, prefixes: [], forMs: 3_600_000 });
  await store.beat({
    tenant,
    holder: 'stays',
    groups: groups.map((group) => ({ group })),
    ttlMs: 600_000,
    grant: true,
  });
  const stop = new AbortController();
  const counters = Array.from({ length: 4 }, (_, at): Counter => ({ key: `k${at}`, acknowledged: 0 }));
  const load = [
    ...counters.map((counter) => repeat(() => count(counter), stop.signal)),
    ...['ann', 'bob', 'cid'].map((holder) => repeat(() => changeLeases(holder), stop.signal)),
  ];
  for (isClockFirst of [false, true]) {
    const before = counters.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    const isServed = (): boolean =>
      counters.reduce((sum, { acknowledged }) => sum + acknowledged, 0) > before + 40;
    await expect.poll(isServed, { timeout: 10_000 }).toBe(true);
    const from = await masterOf(slot);
    const to = cluster.servers.find((server) => server !== from) as RedisServer;
    expect(await moveSlot(slot, from, to)).toBeGreaterThan(10);
    expect((await store.beat({ tenant, holder: 'stays', grant: false })).leases).toHaveLength(groups.length);
  }
  stop.abort();
  expect((await Promise.all(load)).flat()).toEqual([]);

  for (const { key, acknowledged } of counters) {
    const [document] = await store.readDocuments({ tenant, documents: [{ collection: 'c', key }] });
    const [bounds] = await store.topicBounds({ tenant, topics: [`log:${key}`] });
    expect(bounds?.entries).toBe(Number(document?.value));
    // A commit whose reply came too late was made, or not.
    expect(Number(document?.value)).toBeGreaterThanOrEqual(acknowledged);
  }
  for (const group of groups) {
    const members = await store.members({ tenant, group, offset: 0, limit: 10 });
    const entries = await store.readTopics({
      tenant,
      topics: [{ topic: leaseEventsTopic(group), after: 0n }],
      limit: 10_000,
    });
    const events = entries.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);
    for (const [at, { type, count: after }] of events.entries())
      if (at > 0) expect(after).toBe((events[at - 1]?.count ?? 0) + (type === 'granted' ? 1 : -1));
    expect(events.at(-1)?.count).toBe(members.count);
    expect(members.leases).toHaveLength(members.count);
  }
  const held = await Promise.all(
    ['stays', 'ann', 'bob', 'cid'].map((holder) => store.groupsOf({ tenant, holder })),
  );
  const [size] = (await store.tenants()).filter((one) => one.tenant === tenant);
  expect(size).toEqual({
    tenant,
    leases: held.flat().length,
    documents: counters.length,
    topics: counters.length + groups.length,
    bytes: expect.any(Number),
  });
});
