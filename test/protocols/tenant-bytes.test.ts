/** What clients of each protocol get when their tenant holds MAX_TENANT_BYTES: the vendor's own error, while all that exists goes on. */
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

const maxTenantBytes = 20_000;

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ maxTenantBytes, operatorToken: '' });
});
afterEach(() => started.close());

const send = async (request: InjectOptions) => {
  const reply = await started.app.inject(request);
  const isJson = reply.body.startsWith('{') || reply.body.startsWith('[');
  return { status: reply.statusCode, headers: reply.headers, body: isJson ? reply.json() : reply.body };
};

/** Sends requests until one is refused, at most 100. Returns its reply. */
async function untilRefused(
  make: (at: number) => InjectOptions,
  isRefused: (reply: Awaited<ReturnType<typeof send>>) => boolean,
): Promise<Awaited<ReturnType<typeof send>>> {
  for (let at = 0; at < 100; at += 1) {
    const reply = await send(make(at));
    if (isRefused(reply)) return reply;
  }
  throw new Error('no request was refused');
}

const bytesOf = async (tenant: string): Promise<number> => {
  const { body } = await send({ method: 'GET', url: '/_heartbeatd/overview' });
  const tenants = (body as { tenants: { tenant: string; bytes: number }[] }).tenants;
  return tenants.find((size) => size.tenant === tenant)?.bytes ?? 0;
};

describe('Presence', () => {
  const long = 'x'.repeat(1_000);
  const get = (url: string) => send({ method: 'GET', url });
  const heartbeat = (uuid: string, channel = 'c') =>
    get(`/v2/presence/sub-key/s/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300`);

  it('refuses messages, joins and state with 429 and a time to wait, and renews, reads and leaves', async () => {
    await heartbeat('ann');
    const refused = await untilRefused(
      (at) => ({ method: 'GET', url: `/publish/p/s/0/m${at}/0/%22${long}%22` }),
      ({ status }) => status !== 200,
    );
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '10' },
      body: { status: 429, error: 1, message: 'Too Many Requests', service: 'Presence' },
    });
    await untilRefused(
      (at) => ({
        method: 'GET',
        url: `/v2/presence/sub-key/s/channel/c/heartbeat?uuid=b${at}&heartbeat=300`,
      }),
      ({ status }) => status === 429,
    );
    expect((await heartbeat('ann')).status).toBe(200);
    const state = encodeURIComponent(JSON.stringify({ long }));
    expect((await get(`/v2/presence/sub-key/s/channel/c/uuid/ann/data?state=${state}`)).status).toBe(429);
    expect((await get('/v2/presence/sub-key/s/channel/c')).body).toMatchObject({ status: 200 });
    expect((await get('/v2/presence/sub-key/s/channel/c/leave?uuid=ann')).status).toBe(200);
    expect((await get('/v2/presence/sub-key/other/channel/c/heartbeat?uuid=ann')).status).toBe(200);
    expect(await bytesOf('presence/s')).toBeGreaterThan(0);
  });

  it('takes new uuids again once messages have gone', async () => {
    await untilRefused(
      (at) => ({ method: 'GET', url: `/publish/p/s/0/m${at}/0/%22${long}%22` }),
      ({ status }) => status === 429,
    );
    await untilRefused(
      (at) => ({
        method: 'GET',
        url: `/v2/presence/sub-key/s/channel/c/heartbeat?uuid=b${at}&heartbeat=300`,
      }),
      ({ status }) => status === 429,
    );
    await started.store.advanceClock(3_600_000);
    expect((await heartbeat('carol')).status).toBe(200);
    expect(await bytesOf('presence/s')).toBeLessThan(1_000);
  });
});

describe('SLS', () => {
  const headers = {
    host: 'my-project.cn-hangzhou.log.aliyuncs.com',
    'content-type': 'application/json',
  };
  const call = (method: 'GET' | 'POST' | 'DELETE', url: string, body?: unknown) =>
    send({ method, url, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) });
  const heartbeat = (consumer: string, shards: readonly number[] = []) =>
    call('POST', `/logstores/my-store/consumergroups/my-group?type=heartbeat&consumer=${consumer}`, shards);
  const quota = { errorCode: 'WriteQuotaExceed', errorMessage: 'Write quota is exceeded.' };

  beforeEach(async () => {
    await call('POST', '/', { projectName: 'my-project', description: '' });
    await call('POST', '/logstores', {
      logstoreName: 'my-store',
      shardCount: 2,
      ttl: 1,
      enable_tracking: true,
    });
    await call('POST', '/logstores/my-store/consumergroups', {
      consumerGroup: 'my-group',
      timeout: 60,
      order: false,
    });
  });

  const fill = () =>
    untilRefused(
      (at) => ({
        method: 'POST',
        url: '/logstores/my-store/track?APIVersion=0.6.0',
        headers,
        payload: JSON.stringify({
          __topic__: '',
          __source__: '',
          __logs__: [{ text: 'x'.repeat(900), n: String(at) }],
        }),
      }),
      ({ status }) => status !== 200,
    );

  it('refuses logs, resources and new consumers with WriteQuotaExceed, and renews, hands over and reads', async () => {
    expect((await heartbeat('one')).body).toEqual([0, 1]);
    expect(await fill()).toMatchObject({ status: 403, body: quota });
    const refused = await untilRefused(
      (at) => ({
        method: 'POST',
        url: `/logstores/my-store/consumergroups/my-group?type=heartbeat&consumer=more-${at}`,
        headers,
        payload: '[]',
      }),
      ({ status }) => status !== 200,
    );
    expect(refused).toMatchObject({ status: 403, body: quota });
    const long = { logstoreName: 'another-store', shardCount: 10, ttl: 1 };
    expect(await call('POST', '/logstores', long)).toMatchObject({ status: 403, body: quota });
    // The consumer releases its shards to others although the group's document grows.
    expect((await heartbeat('one', [0, 1])).status).toBe(200);
    expect((await heartbeat('one', [])).status).toBe(200);
    expect((await call('GET', '/logstores/my-store/shards')).status).toBe(200);
    expect((await call('DELETE', '/logstores/my-store')).status).toBe(200);
    await started.store.advanceClock(120_000);
    expect(await bytesOf('sls/my-project')).toBeLessThan(2_000);
    expect((await call('POST', '/logstores', long)).status).toBe(200);
  });
});

describe('PBX', () => {
  const post = (url: string, payload: string) =>
    send({ method: 'POST', url: `/api/${url}`, headers: { 'content-type': 'application/json' }, payload });
  const login = () => post('v1.1.0/login', '{"username":"api","password":"x","port":"8260"}');

  it('refuses new logins with errno 20010, and renews tokens and logs them out', async () => {
    const { body: first } = await login();
    const { token } = first as { token: string };
    const refused = await untilRefused(
      () => ({
        method: 'POST',
        url: '/api/v1.1.0/login',
        headers: { 'content-type': 'application/json' },
        payload: `{"username":"api","password":"x","port":"8260","url":"/${'x'.repeat(1_000)}"}`,
      }),
      ({ body }) => (body as { status: string }).status !== 'Success',
    );
    expect(refused).toMatchObject({ status: 200, body: { status: 'Failed', errno: '20010' } });
    expect((await post(`v1.1.0/heartbeat?token=${token}`, '')).body).toEqual({ status: 'Success' });
    expect((await post(`v1.1.0/logout?token=${token}`, '')).body).toEqual({ status: 'Success' });
    await started.store.advanceClock(3_600_000);
    expect((await login()).body).toMatchObject({ status: 'Success' });
  });
});

describe('the metrics', () => {
  it('have the bytes of protocols and of the largest tenants, however many tenants there are', async () => {
    for (let at = 0; at < 30; at += 1)
      await send({ method: 'GET', url: `/v2/presence/sub-key/s${at}/channel/c/heartbeat?uuid=ann` });
    await send({ method: 'GET', url: '/v2/presence/sub-key/large/channel/c/heartbeat?uuid=ann-the-longest' });
    const { body } = await send({ method: 'GET', url: '/metrics' });
    const lines = String(body).split('\n');
    const ofTenants = lines.filter((line) => line.startsWith('heartbeatd_tenant_bytes{'));
    expect(ofTenants).toHaveLength(20);
    expect(ofTenants.some((line) => line.includes('tenant="presence/large"'))).toBe(true);
    const total = lines.find((line) => line.startsWith('heartbeatd_store_bytes{protocol="presence"}'));
    const sizes = await started.store.tenants();
    expect(Number(total?.split(' ')[1])).toBe(sizes.reduce((sum, { bytes }) => sum + bytes, 0));
  });
});
