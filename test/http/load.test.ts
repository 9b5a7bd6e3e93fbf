import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeLoad } from '../../src/http/connections/load.ts';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { type StartedApp, startApp } from '../start-app.ts';

const megabyte = 1_048_576;
const response = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;

describe('bytes in flight', () => {
  it('are counted until the response is closed, and bounded over all clients and for each', () => {
    const load = makeLoad({ maxBodyBytes: 10 * megabyte, maxLoopDelayMs: 0 });
    const first = response();
    expect(load.hold(4 * megabyte, 'a', first)).toBe(true);
    expect(load.hold(2 * megabyte, 'a', response())).toBe(false);
    expect(load.hold(5 * megabyte, 'b', response())).toBe(true);
    expect(load.hold(1_000, 'a', response())).toBe(true);
    expect(load.heldBytes).toBe(9 * megabyte);
    expect(load.hold(2 * megabyte, 'b', response())).toBe(false);
    // The only body of its client, up to twice the limit in all.
    expect(load.hold(9 * megabyte, 'c', response())).toBe(true);
    expect(load.hold(9 * megabyte, 'd', response())).toBe(false);
    first.emit('close');
    expect(load.heldBytes).toBe(14 * megabyte);
  });

  it('without a limit are not counted', () => {
    const load = makeLoad({ maxBodyBytes: 0, maxLoopDelayMs: 0 });
    for (let at = 0; at < 9; at += 1) expect(load.hold(1_000 * megabyte, 'a', response())).toBe(true);
    expect(load.heldBytes).toBe(0);
  });
});

describe('the event loop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is late while a measurement is later than the limit, and no longer once one is in time', () => {
    let nowMs = 0;
    const load = makeLoad({ maxBodyBytes: 0, maxLoopDelayMs: 50 }, () => nowMs);
    nowMs = 100;
    vi.advanceTimersByTime(100);
    expect(load.isLate()).toBe(false);
    nowMs = 300;
    expect(load.isLate()).toBe(true);
    vi.advanceTimersByTime(100);
    expect(load.isLate()).toBe(true);
    nowMs = 400;
    vi.advanceTimersByTime(100);
    expect(load.isLate()).toBe(false);
    load.close();
  });
});

describe('a server', () => {
  let started: StartedApp;
  let log: RecordedLog;
  const sockets: Socket[] = [];
  beforeEach(() => {
    log = recordedLog();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await started.close();
  });

  it("answers each vendor's own busy while its event loop is late, and /healthz all the same", async () => {
    const late = vi.spyOn(performance, 'now');
    started = await startApp({ maxLoopDelayMs: 50 }, { logger: log.logger });
    late.mockReturnValue(performance.timeOrigin);
    const { app } = started;
    const presence = await app.inject('/v2/presence/sub-key/z/channel/c/heartbeat?uuid=ann');
    const sls = await app.inject({ url: '/', headers: { host: 'p1.127.0.0.1' } });
    const pbx = await app.inject({ method: 'POST', url: '/api/v1.1.0/heartbeat?token=x', payload: '{}' });
    expect([presence.statusCode, presence.json().service]).toEqual([503, 'Presence']);
    expect([sls.statusCode, sls.json().errorCode]).toEqual([503, 'ServerBusy']);
    expect([pbx.statusCode, pbx.json().errno]).toEqual([200, '20010']);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    expect(log.lines('warn').map(({ msg }) => msg)).toEqual(['overloaded; refusing requests']);
    late.mockRestore();
  });

  it('holds no more replies of a client that reads none than the limit allows, on however many connections', async () => {
    started = await startApp({ maxBodyBytes: 16 * megabyte });
    const payload = JSON.stringify('x'.repeat(1_000_000));
    for (let at = 0; at < 4; at += 1)
      await started.app.inject({ method: 'POST', url: '/v2/publish/p/z/0/ch/0?uuid=u', payload });
    const { port } = new URL(started.url);
    for (let at = 0; at < 30; at += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      sockets.push(socket);
      socket.pause();
      socket.write('GET /v2/subscribe/z/ch/0?tt=1 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(9));
    }
    const { load } = started.app;
    await expect.poll(() => load?.heldBytes ?? 0).toBeGreaterThan(megabyte);
    const reply = await started.app.inject('/v2/subscribe/z/ch/0?tt=1');
    expect(load?.heldBytes).toBeLessThanOrEqual(16 * megabyte);
    expect([200, 503]).toContain(reply.statusCode);
    const health = await fetch(`${started.url}/v2/presence/sub-key/z/channel/c/heartbeat?uuid=ann`);
    expect(health.status).toBe(200);
  });

  it('refuses a body that states an absurd length for its size, not as busy', async () => {
    started = await startApp({});
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
    sockets.push(socket);
    const received = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
    socket.write('POST /logstores HTTP/1.1\r\nHost: p1.x\r\nContent-Length: 99999999999\r\n\r\n');
    expect(await received).toMatch(/PostBodyTooLarge/);
  });

  it('serves other requests while thousands of held polls fail at once', async () => {
    const store = createStore(openEmbeddedDriver());
    const held: ((error: Error) => void)[] = [];
    const failing: Store = {
      ...store,
      wait: (input) =>
        input.tenant.startsWith('presence/')
          ? new Promise((_, reject) => held.push(reject))
          : store.wait(input),
    };
    started = await startApp({}, { store: failing });
    let failed = 0;
    const polls = Array.from({ length: 1_500 }, async () => {
      const { statusCode } = await started.app.inject('/v2/subscribe/z/ch/0?tt=17000000000000000');
      if (statusCode === 503) failed += 1;
    });
    await expect.poll(() => held.length, { timeout: 30_000 }).toBe(1_500);
    for (const reject of held) reject(new StoreUnavailable('gone'));
    expect((await started.app.inject('/healthz')).statusCode).toBe(200);
    expect(failed).toBeLessThan(1_000);
    await Promise.all(polls);
    expect(failed).toBe(1_500);
  });
});
