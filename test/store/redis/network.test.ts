import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../../src/store/create-store.ts';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import type { Driver, Store } from '../../../src/store/store.ts';
import { type RedisServer, startRedis } from '../../redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.ts';

const timeoutMs = 300;
/** What is promised: served again so soon after the network is whole. */
const recoveryMs = 3_000;
const tenant = 'test/t';
const beat = (store: Store) =>
  store.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs: 60_000, grant: true });
const isServed = (store: Store): Promise<boolean> =>
  beat(store).then(
    () => true,
    () => false,
  );
const isSubscriber = ({ sent }: { sent: string }): boolean => sent.includes('subscribe');

describe('when the network between the server and Redis', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let driver: Driver;
  let store: Store;
  const logged: string[] = [];
  const log = {
    warn: (message: string) => logged.push(message),
    info: (message: string) => logged.push(message),
  };
  const open = async (path = ''): Promise<void> => {
    driver = await openRedisDriver({ url: `redis://127.0.0.1:${proxy.port}${path}`, timeoutMs, log });
    store = createStore(driver);
  };
  beforeEach(async () => {
    server = await startRedis();
    proxy = await startTcpProxy(server);
    logged.length = 0;
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await server.stop();
  });
  const wasConnectedInSilence = async (): Promise<void> => {
    const before = proxy.connections.length;
    await expect.poll(() => proxy.connections.length - before, { timeout: recoveryMs }).toBeGreaterThan(3);
  };

  it.each(['', '/3'])(
    'accepts connections and stays silent, requests are served soon after (%s)',
    async (path) => {
      await open(path);
      expect(await isServed(store)).toBe(true);
      proxy.silence();
      proxy.cut();
      await wasConnectedInSilence();
      expect(await isServed(store)).toBe(false);
      proxy.forward();
      await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
      expect(logged.join('\n')).toMatch(/is away: [\s\S]*is back/);
    },
  );

  it('is silent from the start, requests are served soon after', async () => {
    proxy.silence();
    await open();
    await wasConnectedInSilence();
    proxy.forward();
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
  });

  it('drops all packets of a connection, requests fail and are served soon after', async () => {
    await open();
    expect(await isServed(store)).toBe(true);
    proxy.halfOpen();
    expect(await isServed(store)).toBe(false);
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
  });

  it('was silent for a while, appends are announced again', async () => {
    await open();
    await expect.poll(() => proxy.connections.some(isSubscriber)).toBe(true);
    proxy.silence();
    proxy.cut();
    await wasConnectedInSilence();
    proxy.forward();
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
    const announced: string[] = [];
    driver.onAppend((_tenant, topic) => announced.push(topic));
    const append = async (): Promise<readonly string[]> => {
      await driver.attend(driver.partitionOf(tenant), 10_000);
      await store.commit({ tenant, appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }] });
      return announced;
    };
    await expect.poll(append, { timeout: recoveryMs }).toContain('t');
  });
});
