import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../../src/store/driver.ts';
import { openRedisDriver } from '../../../../src/store/redis/driver.ts';
import { createStore } from '../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { type RedisServer, startRedis } from '../../../redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../tcp-proxy.ts';
import { recordLog } from './recorded-log.ts';

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
  const { log, lines } = recordLog();
  const open = async (path = '', timeoutMs = 300): Promise<void> => {
    driver = await openRedisDriver({ url: `redis://127.0.0.1:${proxy.port}${path}`, timeoutMs, log });
    store = createStore(driver);
  };
  beforeEach(async () => {
    server = await startRedis();
    proxy = await startTcpProxy(server);
    lines.length = 0;
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
      await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
      proxy.silence();
      proxy.cut();
      await wasConnectedInSilence();
      expect(await isServed(store)).toBe(false);
      proxy.forward();
      await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
      expect(lines.join('\n')).toMatch(/connection failed; retrying[\s\S]*connection restored/);
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
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
    proxy.halfOpen();
    expect(await isServed(store)).toBe(false);
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
  });

  it('was silent for a while, appends are notified again', async () => {
    await open();
    await expect.poll(() => proxy.connections.some(isSubscriber)).toBe(true);
    proxy.silence();
    proxy.cut();
    await wasConnectedInSilence();
    proxy.forward();
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
    await expect.poll(announcedAppends(), { timeout: recoveryMs }).toContain('t');
  });

  it('drops all packets of the subscriber only, the failure is logged, and appends are notified again', async () => {
    await open('', 2_000);
    await expect.poll(announcedAppends(), { timeout: recoveryMs }).toContain('t');
    proxy.connections.find(isSubscriber)?.halfOpen();
    await expect
      .poll(() => lines.join('\n'), { timeout: 2_000 })
      .toMatch(/connection failed; retrying.*subscriber.*no byte received/);
    await expect.poll(announcedAppends(), { timeout: recoveryMs }).toContain('t');
    expect(lines.join('\n')).not.toMatch(/failed.*commands/);
  });

  it('is slow, requests are served and no connection is dropped', async () => {
    await open('', 2_000);
    await expect.poll(() => isServed(store), { timeout: recoveryMs }).toBe(true);
    proxy.delay(100);
    const { length } = proxy.connections;
    for (let at = 0; at < 3; at += 1) expect(await isServed(store)).toBe(true);
    expect(proxy.connections.length).toBe(length);
  });

  /** Returns a function that appends once more and tells the topics of which appends were announced since. */
  function announcedAppends(): () => Promise<readonly string[]> {
    const announced: string[] = [];
    driver.onAppend((_tenant, topic) => announced.push(topic));
    return async () => {
      await driver.watchAppends(driver.partitionOf(tenant), 10_000);
      await store.commit({ tenant, appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }] });
      return announced;
    };
  }
});
