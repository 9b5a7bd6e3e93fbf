/** Channel groups, and what all calls have in common. */
import { describe, expect, it } from 'vitest';
import { membershipFixture, root } from './members.ts';

const fixture = membershipFixture();
const { get, beat } = fixture;

describe('channel groups', () => {
  const registry = '/v1/channel-registration/sub-key/sub-c-demo/channel-group';
  const done = { status: 200, message: 'OK', service: 'channel-registry', error: false };

  it('are made, listed, changed and deleted', async () => {
    expect((await get(`${registry}/g?add=x%2Cy,z`)).json).toEqual(done);
    expect((await get(`${registry}/g?remove=y`)).json).toEqual(done);
    expect((await get(`${registry}/g`)).json).toEqual({
      status: 200,
      service: 'channel-registry',
      error: false,
      payload: { channels: ['x', 'z'], group: 'g' },
    });
    expect((await get(registry)).json).toMatchObject({ payload: { namespace: '', groups: ['g'] } });
    const removed = await get(`${registry}/g/remove`);
    expect(removed.json).toEqual(done);
    expect(removed.headers).toMatchObject({
      server: 'Pubnub',
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    });
    expect((await get(`${registry}/g`)).json).toMatchObject({ payload: { channels: [], group: 'g' } });
  });

  it('lose no change to concurrent ones', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, at) => get(`${registry}/g?add=c${at}`)));
    expect((await get(`${registry}/g`)).json).toMatchObject({
      payload: { channels: expect.arrayContaining(['c0', 'c9']) },
    });
  });

  it('refuse names with reserved characters', async () => {
    expect((await get(`${registry}/a%3Ab?add=x`)).json).toEqual({
      status: 400,
      message: 'Reserved character in input parameters.',
      service: 'channel-registry',
      error: true,
    });
  });
});

describe('every call', () => {
  it('wraps replies and errors in a JSONP callback', async () => {
    expect((await beat('ch', 'uuid=u1&callback=my.cb_1$')).text).toBe(
      'my.cb_1$({"status":200,"message":"OK","service":"Presence"})',
    );
    const failed = await beat('ch', 'callback=cb');
    expect(failed.status).toBe(400);
    expect(failed.text).toMatch(/^cb\(\{.*"Missing uuid".*\}\)$/);
  });

  it('returns the time in 17 raw digits', async () => {
    expect((await get('/time/0')).text).toBe('[17952320123450000]');
    expect((await get('/time/cb')).text).toBe('cb([17952320123450000])');
  });

  it.each([
    ['GET', `${root}/channel/ch/heartbeat`, ''],
    ['POST', '/publish/p/s/0/ch/0', 'content-encoding,content-type'],
    ['POST', '/v2/publish/p/s/0/ch/0', 'content-encoding,content-type'],
    ['DELETE', '/v3/pam/s/grant/t', 'content-type'],
    ['PATCH', '/v2/objects/s/uuids/u', 'content-encoding,content-type,if-match'],
    ['DELETE', '/v1/message-actions/s/channel/ch/message/1/action/2', ''],
  ])('allows browsers to %s %s from other origins, with headers %j', async (method, url, headers) => {
    const answer = await fixture.started.app.inject({
      method: 'OPTIONS',
      url,
      headers: {
        origin: 'http://pages.example',
        'access-control-request-method': method,
        ...(headers === '' ? {} : { 'access-control-request-headers': headers }),
      },
    });
    const listed = (name: string): string[] => String(answer.headers[name]).toLowerCase().split(', ');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(listed('access-control-allow-methods')).toContain(method.toLowerCase());
    if (headers !== '')
      expect(listed('access-control-allow-headers')).toEqual(expect.arrayContaining(headers.split(',')));
  });

  it.each([
    ['PATCH', '/v2/objects/s/uuids/u', 501],
    ['DELETE', '/v1/message-actions/s/channel/ch/message/1/action/2', 501],
    ['POST', '/v2/presence/sub-key/s/what', 404],
    ['GET', `${root}/channel/ch/heartbeat`, 400],
    ['POST', '/publish/p/s/0/ch/0', 400],
    ['GET', `${root}/channel/%FF/heartbeat?uuid=u`, 400],
    ['GET', `${root}/channel/${'x'.repeat(33_000)}/heartbeat?uuid=u`, 414],
  ] as const)('shows a browser page why %s %.40s is refused', async (method, url, status) => {
    const answer = await fixture.started.app.inject({ method, url, payload: method === 'GET' ? '' : '{' });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['content-type']).toMatch(/javascript|json/);
    expect(answer.json()).toBeTypeOf('object');
  });

  it('is not found on an unknown path', async () => {
    expect(await get('/v2/presence/what?x=1')).toMatchObject({
      status: 404,
      json: { message: "Not found: '/v2/presence/what'", error: 1, service: 'Presence' },
    });
  });

  it.each([
    ['/v2/history/sub-key/s/channel/c', 'History'],
    ['/v2/objects/s/uuids', 'Objects'],
    ['/v1/files/s/channels/c/files', 'Files'],
    ['/v1/push/sub-key/s/devices/d', 'Push'],
    ['/v3/history/sub-key/s/channel/c', 'History'],
    ['/v3/history-with-actions/sub-key/s/channel/c', 'History'],
    ['/v1/message-actions/s/channel/c', 'Message actions'],
    ['/v1/blocks/sub-key/s/f', 'Functions'],
    ['/v1/auth/audit/sub-key/s', 'This call of the Access Manager'],
  ])('is refused by name where it is not emulated: %s', async (path, what) => {
    expect(await get(path)).toMatchObject({
      status: 501,
      json: { status: 501, error: 1, message: `${what} is not emulated by heartbeatd` },
    });
  });

  it('is refused with 503 and a Retry-After while the store is unavailable', async () => {
    const { app, store } = fixture.started;
    store.beat = () => Promise.reject(new (class extends Error {})());
    expect((await app.inject(`${root}/channel/ch/heartbeat?uuid=u1`)).json()).toMatchObject({
      status: 500,
      service: 'Presence',
    });
    const { StoreUnavailable } = await import('../../../../src/store/store.ts');
    store.beat = () => Promise.reject(new StoreUnavailable('away'));
    const answer = await app.inject(`${root}/channel/ch/heartbeat?uuid=u1`);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toEqual({
      status: 503,
      error: 1,
      message: 'Service Unavailable',
      service: 'Presence',
    });
  });
});
