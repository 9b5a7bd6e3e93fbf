/** What clients of each protocol get when they name a tenant beyond MAX_TENANTS: the vendor's own error, while the others go on. */
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

const maxTenants = 5;

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ maxTenants, operatorToken: '' });
  for (let at = 0; at < maxTenants; at += 1) expect((await heartbeat(`s${at}`)).status).toBe(200);
});
afterEach(() => started.close());

const send = async (request: InjectOptions) => {
  const reply = await started.app.inject(request);
  return { status: reply.statusCode, headers: reply.headers, body: reply.json() as unknown };
};
const get = (url: string) => send({ method: 'GET', url });
const heartbeat = (key: string) =>
  get(`/v2/presence/sub-key/${key}/channel/c/heartbeat?uuid=ann&heartbeat=300`);
const tooMany = { status: 429, headers: { 'retry-after': '10' }, body: { message: 'Too Many Requests' } };

describe('a tenant beyond MAX_TENANTS', () => {
  it('gets 429 from Presence for what would be kept, while the others go on', async () => {
    expect(await heartbeat('another')).toMatchObject(tooMany);
    expect(await get('/publish/p/another/0/c/0/%22hi%22')).toMatchObject(tooMany);
    expect(await get('/v2/subscribe/another/c/0?uuid=ann')).toMatchObject(tooMany);
    expect(await get('/v2/subscribe/another/c-pnpres/0?uuid=ann&heartbeat=300')).toMatchObject(tooMany);
    expect((await get('/v2/presence/sub-key/another/channel/c')).status).toBe(200);
    expect((await get('/v2/presence/sub-key/another/channel/c/leave?uuid=ann')).status).toBe(200);
    expect((await heartbeat('s0')).status).toBe(200);
    expect((await get('/publish/p/s0/0/c/0/%22hi%22')).status).toBe(200);
    expect(await started.store.tenants()).toHaveLength(maxTenants);
  });

  it('is served once another has left', async () => {
    expect((await heartbeat('another')).status).toBe(429);
    await started.store.advanceClock(3_600_000);
    expect((await heartbeat('another')).status).toBe(200);
  });

  it('gets WriteQuotaExceed from SLS', async () => {
    const reply = await send({
      method: 'POST',
      url: '/',
      headers: { host: 'my-project.cn-hangzhou.log.aliyuncs.com', 'content-type': 'application/json' },
      payload: '{"projectName":"my-project","description":""}',
    });
    expect(reply).toMatchObject({ status: 403, body: { errorCode: 'WriteQuotaExceed' } });
  });

  it('gets errno 20010 from the PBX', async () => {
    const reply = await send({
      method: 'POST',
      url: '/api/v1.1.0/login',
      headers: { 'content-type': 'application/json' },
      payload: '{"username":"another/api","password":"x","port":"8260"}',
    });
    expect(reply).toMatchObject({ status: 200, body: { status: 'Failed', errno: '20010' } });
  });
});
