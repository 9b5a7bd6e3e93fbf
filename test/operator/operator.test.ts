import { readFileSync } from 'node:fs';
import type { Static } from '@sinclair/typebox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeasesPage } from '../../src/operator/leases/list-leases.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
});
afterEach(() => started.close());

const get = (url: string) => started.app.inject({ method: 'GET', url });
const post = (url: string, payload?: object) =>
  started.app.inject({ method: 'POST', url, ...(payload === undefined ? {} : { payload }) });
const beat = (channel: string, uuid: string, key = 'demo') =>
  get(`/v2/presence/sub-key/${key}/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=60`);
const login = async (): Promise<string> =>
  (await post('/api/v1.1.0/login', { username: 'api', password: 'x'.repeat(32) })).json().token;

describe('the live view of leases', () => {
  it('shows who holds what, of all protocols, and for how long', async () => {
    await get(
      '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60&state=%7B%22lobby%22%3A%7B%22n%22%3A1%7D%7D',
    );
    const token = await login();
    await started.store.advanceClock(1_000);
    const { leases, next } = (await get('/_heartbeatd/leases')).json();
    expect(next).toBeNull();
    expect(leases).toEqual([
      {
        protocol: 'pbx',
        tenant: 'pbx/default',
        group: 'api',
        holder: token,
        epoch: expect.any(Number),
        ttlMs: 1_800_000,
        remainingMs: 1_799_000,
        data: {
          ipaddr: '127.0.0.1',
          port: 8_260,
          url: '',
          urltag: '',
          peer: '127.0.0.1',
          since: 0,
          version: '',
          callback: 'http://127.0.0.1:8260/',
        },
      },
      {
        protocol: 'presence',
        tenant: 'presence/demo',
        group: 'lobby',
        holder: 'ann',
        epoch: expect.any(Number),
        ttlMs: 60_000,
        remainingMs: 59_000,
        data: { n: 1 },
      },
    ]);
  });

  it('pages through everything, each lease once, whatever the size of a page', async () => {
    for (const key of ['one', 'two']) {
      for (const channel of ['a', 'b', 'c']) {
        for (const uuid of ['u1', 'u2', 'u3', 'u4']) await beat(channel, uuid, key);
      }
    }
    for (const limit of [1, 3, 4, 5, 24, 100]) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const from: string = cursor === '' ? '' : `&after=${cursor}`;
        const page: Static<typeof LeasesPage> = (
          await get(`/_heartbeatd/leases?limit=${limit}${from}`)
        ).json();
        expect(page.leases.length).toBeLessThanOrEqual(limit);
        for (const { tenant, group, holder } of page.leases) seen.push(`${tenant} ${group} ${holder}`);
        cursor = page.next;
      }
      expect(seen).toHaveLength(24);
      expect(new Set(seen).size).toBe(24);
    }
  });

  it('filters', async () => {
    await beat('a', 'u1');
    await beat('b', 'u1');
    await beat('b', 'u2', 'other');
    await login();
    const names = async (query: string): Promise<string[]> =>
      (await get(`/_heartbeatd/leases?${query}`))
        .json()
        .leases.map(({ group, holder }: { group: string; holder: string }) => `${group} ${holder}`);
    expect(await names('protocol=presence')).toEqual(['a u1', 'b u1', 'b u2']);
    expect(await names('tenant=presence/other')).toEqual(['b u2']);
    expect(await names('group=b')).toEqual(['b u1', 'b u2']);
    expect(await names('holder=u1')).toEqual(['a u1', 'b u1']);
    expect(await names('holder=u1&group=b&protocol=presence')).toEqual(['b u1']);
    expect(await names('holder=nobody')).toEqual([]);
  });

  it('refuses what is no page', async () => {
    expect((await get('/_heartbeatd/leases?after=x')).statusCode).toBe(400);
    const before = Buffer.from('["presence/demo","lobby",-1]').toString('base64url');
    expect((await get(`/_heartbeatd/leases?after=${before}`)).statusCode).toBe(400);
    expect((await get('/_heartbeatd/leases?limit=0')).statusCode).toBe(400);
  });
});

describe('the clock', () => {
  it('moves, and says what fired, when everything that came due has been processed', async () => {
    await beat('lobby', 'ann');
    const token = await login();
    const { clock, fired } = (await post('/_heartbeatd/clock', { advanceMs: 60_000 })).json();
    expect(clock).toMatchObject({ frozen: true });
    expect(fired).toMatchObject([
      {
        protocol: 'presence',
        tenant: 'presence/demo',
        group: 'lobby',
        holder: 'ann',
        epoch: expect.any(Number),
      },
    ]);
    expect((await get('/v2/presence/sub-key/demo/channel/lobby')).json()).toMatchObject({ occupancy: 0 });
    const half = (await post('/_heartbeatd/clock', { advanceMs: 1_800_000 })).json();
    expect(half.fired).toMatchObject([{ protocol: 'pbx', holder: token }]);
    expect((await post(`/api/v1.1.0/heartbeat?token=${token}`)).json()).toEqual({
      status: 'Failed',
      errno: '20004',
    });
  });

  it('stands still while frozen', async () => {
    const before = (await get('/_heartbeatd/clock')).json();
    expect((await get('/_heartbeatd/clock')).json().leaseMs).toBe(before.leaseMs);
    expect((await post('/_heartbeatd/clock', { freeze: false })).json().clock.frozen).toBe(false);
    expect((await post('/_heartbeatd/clock', { freeze: true, advanceMs: 5 })).json().clock.frozen).toBe(true);
  });

  it.each([
    {},
    { advanceMs: -1 },
    { advanceMs: 'x' },
    { freeze: 'maybe' },
    { advance: -5 },
    { advanceMs: 1e300 },
    { advanceMs: '5' },
    { advanceMs: null },
    { freeze: null },
    { freeze: 1 },
    [],
  ])('refuses %j', async (body) => {
    const answer = await post('/_heartbeatd/clock', body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ error: expect.any(String) });
  });
});

describe('reset', () => {
  it('forgets one tenant, or all', async () => {
    await beat('a', 'u', 'one');
    await beat('a', 'u', 'two');
    await login();
    expect((await post('/_heartbeatd/reset', { tenant: 'presence/one' })).json()).toEqual({
      tenants: ['presence/one'],
      to: 'empty',
      removed: { leases: 1, documents: 0, topics: 0, faults: 0, requests: 1, actors: 0 },
    });
    expect((await get('/_heartbeatd/leases?protocol=presence')).json().leases).toHaveLength(1);
    expect((await post('/_heartbeatd/reset', { tenant: null })).statusCode).toBe(400);
    await post('/_heartbeatd/reset');
    const empty = { method: 'POST', url: '/_heartbeatd/reset', payload: '' } as const;
    expect(
      (await started.app.inject({ ...empty, headers: { 'content-type': 'application/json' } })).statusCode,
    ).toBe(200);
    expect(await started.store.tenants()).toEqual([]);
  });
});

describe('health', () => {
  it('is ready while any partition of the store is served, and names those that are not', async () => {
    expect((await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await get('/readyz')).json()).toEqual({ status: 'ready' });
    const away = [{ partitions: [3, 5], reason: 'no reply' }];
    started.store.ping = async () => ({ away, refusing: [] });
    const partly = await get('/readyz');
    expect(partly.statusCode).toBe(200);
    expect(partly.json()).toEqual({ status: 'ready', away });
    const refusing = [{ partitions: [0], reason: 'disk full' }];
    started.store.ping = async () => ({ away: [], refusing });
    const full = await get('/readyz');
    expect(full.statusCode).toBe(200);
    expect(full.json()).toEqual({ status: 'degraded', refusing });
    started.store.ping = () => Promise.reject(new StoreUnavailable('no answer'));
    const answer = await get('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ error: 'store unavailable: no answer' });
    expect((await get('/healthz')).statusCode).toBe(200);
  });

  it('is measured', async () => {
    await beat('lobby', 'ann');
    await get('/v2/presence/nothing');
    await started.store.advanceClock(60_000);
    await beat('lobby', 'bob');
    const { body } = await get('/metrics');
    expect(body).toContain('heartbeatd_leases{protocol="presence"} 1');
    expect(body).toContain('heartbeatd_lease_events_total{protocol="presence",type="granted"} 2');
    expect(body).toContain('heartbeatd_lease_events_total{protocol="presence",type="expired"} 1');
    expect(body).toContain('heartbeatd_expiry_lateness_seconds_count 1');
    expect(body).toMatch(
      /heartbeatd_request_duration_seconds_bucket\{le="\+Inf",protocol="presence",operation="Heartbeat"\} 2/,
    );
    expect(body).toMatch(
      /heartbeatd_request_duration_seconds_count\{protocol="presence",operation="Heartbeat"\} 2/,
    );
    expect(body).toContain(
      'heartbeatd_requests_total{protocol="presence",operation="Heartbeat",status="200"} 2',
    );
    expect(body).toMatch(/heartbeatd_requests_total\{protocol="none",operation="GET none",status="404"\} 1/);
  });
});

describe('the token', () => {
  it('locks everything but health', async () => {
    await started.close();
    started = await startApp({ operatorToken: 's3cret' });
    const headers = { authorization: 'Bearer s3cret' };
    for (const url of [
      '/_heartbeatd/leases',
      '/_heartbeatd/clock',
      '/_heartbeatd/openapi.json',
      '/metrics',
    ]) {
      expect((await get(url)).statusCode).toBe(401);
      expect(
        (await started.app.inject({ url, headers: { authorization: 'Bearer other1' } })).statusCode,
      ).toBe(401);
      expect((await started.app.inject({ url, headers })).statusCode).toBe(200);
    }
    expect((await post('/_heartbeatd/reset')).statusCode).toBe(401);
    expect((await get('/healthz')).statusCode).toBe(200);
    expect((await beat('lobby', 'ann')).statusCode).toBe(200);
  });
});

it('a token is what the client sent, byte for byte, after a scheme in any case', async () => {
  await started.close();
  started = await startApp({ operatorToken: 'schlüssel' });
  const status = async (authorization: string): Promise<number> =>
    (await fetch(`${started.url}/_heartbeatd/clock`, { headers: { authorization } })).status;
  const sent = Buffer.from('schlüssel').toString('latin1');
  expect(await status(`Bearer ${sent}`)).toBe(200);
  expect(await status(`bearer ${sent}`)).toBe(200);
  for (const wrong of [
    sent,
    `Basic ${sent}`,
    `Bearer${sent}`,
    `Bearer ${sent}x`,
    'Bearer',
    'Bearer schlussel',
  ]) {
    expect(await status(wrong)).toBe(401);
  }
});

it('an OpenAPI document describes every protocol', async () => {
  const { info, paths } = (await get('/_heartbeatd/openapi.json')).json();
  expect(info.version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/logstores/{logstore}/consumergroups/{group}',
      '/api/{version}/heartbeat',
      '/v2/presence/sub-key/{subscribeKey}/channel/{channels}/heartbeat',
      '/_heartbeatd/clock',
    ]),
  );
  expect(
    paths['/api/{version}/heartbeat'].post.requestBody.content['application/json'].schema.properties,
  ).toHaveProperty('ipaddr');
});
