/** Settings about tokens where the documents say nothing, or two things. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, defaultConfig } from '../../../../src/config.ts';
import { createStore } from '../../../../src/store/create-store.ts';
import { openEmbeddedDriver } from '../../../../src/store/embedded/driver.ts';
import { openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/store.ts';
import { startRedis } from '../../../redis-server.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

const minutes = 60_000;
const hours = 60 * minutes;
const tenant = 'pbx/default';

let apps: StartedApp[] = [];
afterEach(async () => {
  for (const app of apps) await app.close();
  apps = [];
});
const start = async (settings: Partial<Config>, store?: Store): Promise<StartedApp> => {
  const app = await startApp(settings, store === undefined ? {} : { store });
  apps.push(app);
  return app;
};

const send = async ({ app }: StartedApp, path: string, payload = '', type = 'application/json') => {
  const headers = { 'content-type': type };
  const answer = await app.inject({ method: 'POST', url: `/api/${path}`, headers, payload });
  expect(answer.statusCode).toBe(200);
  return answer.json();
};
const login = async (app: StartedApp): Promise<{ token: string; refreshtoken: string }> =>
  send(app, 'v1.1.0/login', '{"username":"api","password":"x","port":"8260"}');
const success = { status: 'Success' };
const failed = (errno: string) => ({ status: 'Failed', errno });
const ask = (app: StartedApp, token: string, endpoint = 'heartbeat') =>
  send(app, `v1.1.0/${endpoint}?token=${token}`);

describe('a token that timed out', () => {
  it('is unknown without a setting', async () => {
    const app = await start({});
    const { token } = await login(app);
    await app.store.advanceClock(30 * minutes);
    expect(await ask(app, token)).toEqual(failed('20004'));
  });

  describe('with PBX_EXPIRED_ERRNO=20006', () => {
    const settings = { pbxExpiredErrno: '20006' } as const;

    it.each(['heartbeat', 'logout', 'deviceinfo/query'])('is refused with 20006 by %s', async (endpoint) => {
      const app = await start(settings);
      const { token } = await login(app);
      await app.store.advanceClock(30 * minutes);
      expect(await ask(app, token, endpoint)).toEqual(failed('20006'));
      expect(await ask(app, token, endpoint)).toEqual(failed('20006'));
    });

    it('is distinguished from one that never existed, was logged out, or gave way to others', async () => {
      const app = await start({ ...settings, pbxMaxTokens: 1 });
      const [{ token: first }, { token: second }] = [await login(app), await login(app)];
      expect(await ask(app, first)).toEqual(failed('20004'));
      expect(await ask(app, second, 'logout')).toEqual(success);
      expect(await ask(app, second)).toEqual(failed('20004'));
      await app.store.advanceClock(30 * minutes);
      expect(await ask(app, second)).toEqual(failed('20004'));
      expect(await ask(app, '0'.repeat(32))).toEqual(failed('20004'));
      expect(await ask(app, 'x'.repeat(5_000))).toEqual(failed('20004'));
      expect(await ask(app, '')).toEqual(failed('20005'));
    });

    it('is remembered for a day, and no longer', async () => {
      const app = await start(settings);
      await app.store.freezeClock(true);
      const { token } = await login(app);
      await app.store.advanceClock(30 * minutes);
      expect(await ask(app, token)).toEqual(failed('20006'));
      await app.store.advanceClock(24 * hours - 1);
      expect(await ask(app, token)).toEqual(failed('20006'));
      await app.store.advanceClock(1);
      expect(await ask(app, token)).toEqual(failed('20004'));
      expect(await app.store.listDocuments({ tenant, collection: 'timedOutTokens' })).toEqual([]);
    });

    it('is known to the request that finds it expired, before the sweep', async () => {
      let nowMs = 1_700_000_000_000;
      const driver = openEmbeddedDriver({ wallMs: () => nowMs });
      const app = await start(
        { ...settings, pbxTokenTtlSeconds: 1 },
        createStore(driver, { sweepIntervalMs: 60_000 }),
      );
      const { token } = await login(app);
      nowMs += 1_000;
      expect(await Promise.all([ask(app, token), ask(app, token)])).toEqual([
        failed('20006'),
        failed('20006'),
      ]);
    });

    it('is known also when many time out together', async () => {
      const app = await start(settings);
      const logins = await Promise.all(Array.from({ length: 700 }, () => login(app)));
      await app.store.advanceClock(30 * minutes);
      const answers = await Promise.all(logins.map(({ token }) => ask(app, token)));
      expect(new Set(answers.map(({ errno }) => errno))).toEqual(new Set(['20006']));
    });

    it('is known to other nodes', async () => {
      const one = await start(settings);
      const two = await start(settings, one.store);
      const { token } = await login(one);
      expect(await ask(two, token)).toEqual(success);
      await one.store.advanceClock(30 * minutes);
      expect(await ask(two, token)).toEqual(failed('20006'));
    });

    it('is known to other nodes over Redis, however many time out together', async () => {
      const redis = await startRedis();
      try {
        const overRedis = { ...settings, redisUrl: redis.url };
        const one = await start(overRedis, await openStore(defaultConfig(overRedis)));
        const two = await start(overRedis, await openStore(defaultConfig(overRedis)));
        const logins = await Promise.all(Array.from({ length: 700 }, () => login(one)));
        await one.store.advanceClock(30 * minutes);
        const errnos = async () =>
          new Set((await Promise.all(logins.map(({ token }) => ask(two, token)))).map(({ errno }) => errno));
        await expect.poll(errnos).toEqual(new Set(['20006']));
        for (const app of apps.splice(0)) await app.close();
      } finally {
        await redis.stop();
      }
    });

    it('is known after a restart, also if it times out only then', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
      const onFile = { ...settings, data: join(folder, 'leases.db') };
      const first = await start(onFile, await openStore(defaultConfig(onFile)));
      const [{ token: before }, { token: later }] = [await login(first), await login(first)];
      await first.store.advanceClock(15 * minutes);
      await ask(first, later);
      await first.store.advanceClock(15 * minutes);
      await first.close();
      const second = await start(onFile, await openStore(defaultConfig(onFile)));
      await second.store.advanceClock(15 * minutes);
      expect(await ask(second, before)).toEqual(failed('20006'));
      expect(await ask(second, later)).toEqual(failed('20006'));
      await second.close();
      rmSync(folder, { recursive: true });
    });

    it('is known on a Cloud PBX; a token that was refreshed in time is unknown', async () => {
      const app = await start({ ...settings, pbxFlavour: 'cloud' });
      const { token, refreshtoken } = await login(app);
      const { token: next } = await send(app, 'v1.1.0/token/refresh', JSON.stringify({ refreshtoken }));
      await app.store.advanceClock(30 * minutes);
      expect(await ask(app, token)).toEqual(failed('20004'));
      expect(await ask(app, next)).toEqual(failed('20006'));
    });
  });
});

describe('a token in the body', () => {
  it('is ignored without a setting', async () => {
    const app = await start({});
    const { token } = await login(app);
    expect(await send(app, 'v1.1.0/heartbeat', JSON.stringify({ token }))).toEqual(failed('20005'));
  });

  describe('with PBX_TOKEN_IN_BODY', () => {
    const settings = { pbxTokenInBody: true };
    const callback = async ({ store }: StartedApp, token: string) =>
      JSON.parse((await store.read({ tenant, group: 'api', holder: token }))?.data ?? '{}').callback;

    it.each([
      ['JSON', 'application/json', (token: string) => JSON.stringify({ token })],
      ['JSON as text', 'text/plain', (token: string) => JSON.stringify({ token })],
      ['a form', 'application/x-www-form-urlencoded', (token: string) => `token=${token}`],
    ])('renews it, and keeps the callback: %s', async (_how, type, body) => {
      const app = await start(settings);
      await app.store.freezeClock(true);
      const { token } = await login(app);
      await app.store.advanceClock(20 * minutes);
      expect(await send(app, 'v1.1.0/heartbeat', body(token), type)).toEqual(success);
      expect(await app.store.read({ tenant, group: 'api', holder: token })).toMatchObject({
        remainingMs: 30 * minutes,
      });
      expect(await callback(app, token)).toBe('http://127.0.0.1:8260/');
    });

    it('may stand beside the fields of the request', async () => {
      const app = await start(settings);
      const { token } = await login(app);
      const body = JSON.stringify({ token, ipaddr: '10.0.0.1', port: '8260', url: 'report' });
      expect(await send(app, 'v0.0.1/heartbeat', body)).toEqual(success);
      expect(await callback(app, token)).toBe('http://10.0.0.1:8260/report');
    });

    it('is read by queries and by logout too', async () => {
      const app = await start(settings);
      const { token } = await login(app);
      const body = JSON.stringify({ token, extid: '1000' });
      expect(await send(app, 'v1.1.0/extension/query', body)).toMatchObject({
        extinfos: [{ extnumber: '1000' }],
      });
      expect(await send(app, 'v1.1.0/logout', body)).toEqual(success);
      expect(await send(app, 'v1.1.0/logout', body)).toEqual(failed('20004'));
    });

    it('is read only if the query has none', async () => {
      const app = await start(settings);
      const { token } = await login(app);
      const body = JSON.stringify({ token });
      expect(await send(app, 'v1.1.0/heartbeat?token=', body)).toEqual(success);
      expect(await send(app, `v1.1.0/heartbeat?token=${'0'.repeat(32)}`, body)).toEqual(failed('20004'));
      const other = JSON.stringify({ token: '0'.repeat(32) });
      expect(await send(app, `v1.1.0/heartbeat?token=${token}`, other)).toEqual(success);
    });

    it.each([
      ['nothing', ''],
      ['an object without one', '{}'],
      ['an empty one', '{"token":""}'],
      ['one that is no text', '{"token":{}}'],
      ['no JSON', '{ ,"token":1}'],
      ['an array', '["token"]'],
      ['XML', '<token>x</token>'],
    ])('is missing in %s', async (_what, body) => {
      expect(await send(await start(settings), 'v1.1.0/heartbeat', body)).toEqual(failed('20005'));
    });

    it('does not make a strict heartbeat complete', async () => {
      const app = await start(settings);
      const { token } = await login(app);
      expect(await send(app, 'v0.0.1/heartbeat', JSON.stringify({ token }))).toEqual(failed('10004'));
    });
  });
});
