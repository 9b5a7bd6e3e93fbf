import { afterEach, expect, it } from 'vitest';
import { openRedisDriver } from '../../../../src/store/redis/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import { type Store, StoreUnavailable } from '../../../../src/store/store.ts';
import { masterName, type SentinelSet, startSentinels } from '../../../redis-sentinel.ts';
import { startTcpProxy } from '../../../tcp-proxy.ts';
import { recordLog } from './recorded-log.ts';

const timeoutMs = 1_000;
const tenant = 'test/t';
const { log, lines } = recordLog();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  lines.length = 0;
});

const start = async (count: number): Promise<SentinelSet> => {
  const set = await startSentinels(count);
  cleanups.push(() => set.stop());
  return set;
};
const open = async (ports: readonly number[]): Promise<Store> => {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const store = createStore(
    await openRedisDriver({ url: `redis+sentinel://${hosts}/${masterName}`, timeoutMs, log }),
  );
  cleanups.push(() => store.close());
  return store;
};
const write = (store: Store, key: string) =>
  store.commit({ tenant, writes: [{ collection: 'c', key, value: '1' }] });
const isServed = (store: Store): Promise<boolean> =>
  write(store, 'any').then(
    () => true,
    () => false,
  );

it('a planned failover under load loses no acknowledged write', async () => {
  const set = await start(3);
  const store = await open(set.sentinels.map(({ port }) => port));
  const acknowledged: string[] = [];
  const wrong: Error[] = [];
  let isOver = false;
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let at = 0; !isOver; at += 1) {
      const key = `${worker}-${at}`;
      await write(store, key).then(
        () => acknowledged.push(key),
        (error: Error) => {
          if (!(error instanceof StoreUnavailable)) wrong.push(error);
        },
      );
    }
  });
  await expect.poll(() => acknowledged.length).toBeGreaterThan(100);
  await set.failOver();
  await set.switched();
  const before = acknowledged.length;
  await expect.poll(() => acknowledged.length, { timeout: 3_000 }).toBeGreaterThan(before + 100);
  isOver = true;
  await Promise.all(load);

  expect(wrong).toEqual([]);
  const known = new Set((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key));
  expect(acknowledged.filter((key) => !known.has(key))).toEqual([]);
  expect(lines.join('\n')).toContain(`"node":"127.0.0.1:${set.replica.port}","before"`);
});

it('commands go to the new master as soon as Sentinels switch, also after a half-open network', async () => {
  const set = await start(1);
  const proxy = await startTcpProxy({ port: set.sentinels[0]?.port ?? 0 });
  cleanups.push(() => proxy.close());
  const store = await open([proxy.port]);
  expect(await isServed(store)).toBe(true);
  proxy.halfOpen();
  await expect
    .poll(() => proxy.connections.slice(2).filter(({ isOpen }) => isOpen).length, { timeout: 5_000 })
    .toBe(2);

  set.master.freeze();
  await set.switched();
  await expect.poll(() => isServed(store), { timeout: 3_000 }).toBe(true);
  expect(lines.join('\n')).toContain(`"node":"127.0.0.1:${set.replica.port}","before"`);
});
