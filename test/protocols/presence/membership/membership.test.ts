import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LeaseEvent, leaseEventsBelowTopic } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

const root = '/v2/presence/sub-key/sub-c-demo';
const tenant = 'presence/sub-c-demo';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({}, { wallMs: () => 1_795_232_012_345 });
  await started.store.freezeClock();
  await started.store.watchEvents({ tenant, groups: [], prefixes: [''], forMs: 3_600_000 });
});
afterEach(() => started.close());

const get = async (url: string) => {
  const answer = await started.app.inject({ method: 'GET', url });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: parse(answer.body) };
};
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const beat = (channels: string, query: string) => get(`${root}/channel/${channels}/heartbeat?${query}`);
const whereIs = async (uuid: string) =>
  ((await get(`${root}/uuid/${encodeURIComponent(uuid)}`)).json as { payload: { channels: string[] } })
    .payload.channels;
const eventsOf = async (channel: string): Promise<string[]> => {
  const topics = [{ topic: leaseEventsBelowTopic(''), after: 0n }];
  const entries = await started.store.readTopics({ tenant, topics, limit: 100 });
  return entries.flatMap(({ payload }) => {
    const { type, group, holder, count, data } = JSON.parse(Buffer.from(payload).toString()) as LeaseEvent;
    return group === channel ? `${type} ${holder} ${count} ${data}` : [];
  });
};
/** Returns a JSON object with a number of levels, itself included. */
const nested = (levels: number) => `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
const refused = (message: string) => ({ status: 400, error: 1, message, service: 'Presence' });

describe('heartbeat', () => {
  it('returns the reply and the headers of the real service', async () => {
    const { status, headers, json } = await beat('ch', 'uuid=u1');
    expect(status).toBe(200);
    expect(json).toEqual({ status: 200, message: 'OK', service: 'Presence' });
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset="UTF-8"',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'OPTIONS, GET, POST',
      'cache-control': 'no-cache',
      'accept-ranges': 'bytes',
      age: '0',
      server: 'Pubnub Presence',
    });
  });

  it('joins once, stays while it is renewed, and times out when it is not', async () => {
    await beat('ch', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(19_999);
    await beat('ch', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(19_999);
    expect(await whereIs('u1')).toEqual(['ch']);
    await started.store.advanceClock(1);
    expect(await whereIs('u1')).toEqual([]);
    expect(await eventsOf('ch')).toEqual(['granted u1 1 null', 'expired u1 0 null']);
  });

  it.each([
    ['300 s where nothing is said', '', 300_000],
    ['300 s where nothing is said, with an empty parameter', '&heartbeat=', 300_000],
    ['what it says, also below the 20 s that some SDKs enforce', '&heartbeat=8', 8_000],
    ['at least a second', '&heartbeat=0', 1_000],
    ['at most a day', '&heartbeat=999999', 86_400_000],
  ])('lasts %s', async (_what, query, ms) => {
    await beat('ch', `uuid=u1${query}`);
    expect(await started.store.read({ tenant, group: 'ch', holder: 'u1' })).toMatchObject({
      remainingMs: ms,
    });
  });

  it('without a timeout keeps the timeout of the heartbeat before', async () => {
    await beat('ch', 'uuid=u1&heartbeat=40');
    await started.store.advanceClock(10_000);
    await beat('ch', 'uuid=u1');
    expect(await started.store.read({ tenant, group: 'ch', holder: 'u1' })).toMatchObject({
      remainingMs: 40_000,
    });
  });

  it('splits channels at commas and decodes each name once', async () => {
    await beat('a,b%20c,d%2Ce,f%2Fg,foo.*,a,,%E2%9C%93,1+1,%2525', 'uuid=user%201%2F%C3%A9');
    expect(await whereIs('user 1/é')).toEqual(['%25', '1+1', 'a', 'b c', 'd,e', 'f/g', 'foo.*', '✓']);
  });

  it('renews the channels of groups, separated by raw or encoded commas', async () => {
    await get('/v1/channel-registration/sub-key/sub-c-demo/channel-group/g?add=x%2Cy');
    await get('/v1/channel-registration/sub-key/sub-c-demo/channel-group/h?add=y,z');
    await beat(',', 'uuid=u1&channel-group=g%2Cg-pnpres,h');
    expect(await whereIs('u1')).toEqual(['x', 'y', 'z']);
  });

  it('on presence companions alone joins no channel', async () => {
    expect((await beat('a-pnpres', 'uuid=u1')).status).toBe(200);
    expect((await beat(',', 'uuid=u1&channel-group=g-pnpres')).status).toBe(200);
    await beat('a,b-pnpres', 'uuid=u1');
    expect(await whereIs('u1')).toEqual(['a']);
  });

  it('accepts sub_key for sub-key', async () => {
    await get('/v2/presence/sub_key/sub-c-demo/channel/ch/heartbeat?uuid=u1');
    expect(await whereIs('u1')).toEqual(['ch']);
  });

  it('ignores unknown parameters, and auth and signature without keysets', async () => {
    const query =
      'uuid=u1&auth=k&signature=v2.x&timestamp=1&pnsdk=PubNub-JS%2F11&requestid=r&ee&l_pub=0.1&instanceid=i';
    expect((await beat('ch', query)).status).toBe(200);
  });

  it('keeps subscribe keys apart', async () => {
    await beat('ch', 'uuid=u1');
    const other = await get('/v2/presence/sub-key/sub-c-other/channel/ch');
    expect(other.json).toMatchObject({ occupancy: 0, uuids: [] });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'treats %s as a name like any other',
    async (name) => {
      const state = encodeURIComponent(`{"${name}":{"${name}":1}}`);
      await beat(name, `uuid=${name}&state=${state}`);
      expect(await whereIs(name)).toEqual([name]);
      const here = await get(`${root}/channel/${name},x?state=1`);
      expect(here.text).toContain(
        `"${name}":{"uuids":[{"uuid":"${name}","state":{"${name}":1}}],"occupancy":1}`,
      );
    },
  );

  describe('with state', () => {
    const withState = (state: unknown, more = '') =>
      `uuid=u1&state=${encodeURIComponent(JSON.stringify(state))}${more}`;

    it('sets the state of the channels named, together with the join', async () => {
      await beat('a,b', withState({ a: { mood: 'ok' }, elsewhere: { x: 1 } }));
      expect(await eventsOf('a')).toEqual(['granted u1 1 {"mood":"ok"}']);
      expect(await eventsOf('b')).toEqual(['granted u1 1 null']);
    });

    it('changes the state of a present uuid, once', async () => {
      await beat('a', 'uuid=u1');
      await beat('a', withState({ a: { mood: 'ok' } }));
      await beat('a', withState({ a: { mood: 'ok' } }));
      await beat('a', withState({}));
      await beat('a', 'uuid=u1&state=');
      expect(await eventsOf('a')).toEqual(['granted u1 1 null', 'changed u1 1 {"mood":"ok"}']);
    });

    it('finds the state of a channel by the group that it came with', async () => {
      await get('/v1/channel-registration/sub-key/sub-c-demo/channel-group/g?add=x,y');
      await beat(',', withState({ g: { mood: 'hb' } }, '&channel-group=g'));
      const state = await get(`${root}/channel/x,y/uuid/u1`);
      expect(state.json).toMatchObject({ payload: { channels: { x: { mood: 'hb' }, y: { mood: 'hb' } } } });
    });

    it('ignores a bare object that names no channel', async () => {
      expect((await beat('a', withState({ mood: 'hb' }))).status).toBe(200);
      expect(await eventsOf('a')).toEqual(['granted u1 1 null']);
    });
  });

  it.each([
    ['no uuid', 'ch', '', refused('Missing uuid')],
    ['an empty uuid', 'ch', 'uuid=', refused('Missing uuid')],
    ['a uuid of 93 characters', 'ch', `uuid=${'x'.repeat(93)}`, refused('Invalid uuid')],
    ['no channel and no group', ',', 'uuid=u1', refused('Missing channel')],
    ['a channel that is too long', 'x'.repeat(2_049), 'uuid=u1', refused('Invalid channel')],
    ['a heartbeat that is no number', 'ch', 'uuid=u1&heartbeat=soon', refused('Invalid heartbeat')],
    ['a negative heartbeat', 'ch', 'uuid=u1&heartbeat=-1', refused('Invalid heartbeat')],
    ['state that is no JSON', 'ch', 'uuid=u1&state={', refused('Invalid JSON specified.')],
    ['state that is no object', 'ch', 'uuid=u1&state=[1]', refused('Invalid JSON specified.')],
    [
      'state of a channel that is no object',
      'ch',
      'uuid=u1&state={"ch":1}',
      refused('Invalid JSON specified.'),
    ],
    [
      'state that is nested too deep to be written again',
      'ch',
      `uuid=u1&state={"ch":${nested(100)}}`,
      refused('Invalid JSON specified.'),
    ],
    [
      'state that is nested as deep as a request is long',
      'ch',
      `uuid=u1&state={"ch":${nested(14_000)}}`,
      refused('Invalid JSON specified.'),
    ],
    ['a callback that is no name', 'ch', 'uuid=u1&callback=alert(1)', refused('Invalid callback')],
  ])('refuses %s', async (_what, channels, query, body) => {
    const { status, json, headers } = await beat(channels, query);
    expect({ status, json }).toEqual({ status: 400, json: body });
    expect(headers['content-type']).toBe('text/javascript; charset="UTF-8"');
    expect(await started.store.tenants()).toEqual([]);
  });

  it('stores state that is nested a hundred levels deep, not counting brackets in strings', async () => {
    const text = '[{'.repeat(200);
    await beat('ch,other', `uuid=u1&state={"ch":${nested(99)},"other":{"x":"\\"${text}"}}`);
    expect((await get(`${root}/channel/ch/uuid/u1`)).text).toContain(`"payload":${nested(99)}`);
    expect((await get(`${root}/channel/other/uuid/u1`)).json).toMatchObject({ payload: { x: `"${text}` } });
  });

  it('accepts a uuid of 92 characters of any size', async () => {
    expect((await beat('ch', `uuid=${encodeURIComponent('é'.repeat(92))}`)).status).toBe(200);
    expect((await beat('ch', `uuid=${encodeURIComponent('😀'.repeat(92))}`)).status).toBe(200);
    expect((await beat('ch', `uuid=${encodeURIComponent('😀'.repeat(93))}`)).status).toBe(400);
  });

  it('refuses more channels than are allowed', async () => {
    const channels = Array.from({ length: 1_001 }, (_, at) => `c${at}`).join(',');
    expect((await beat(channels, 'uuid=u1')).json).toEqual(
      refused('Too many channels: at most 1000 in one request'),
    );
  });

  it.each([
    'uuid=%FF',
    'uuid=%',
    'uuid=u1&channel-group=%E0%A4%A',
    'uuid=u1&state=%7B%7D%zz',
    'uuid=%ED%A0%80',
  ])('refuses the malformed query %s', async (query) => {
    const { status, json } = await beat('ch', query);
    expect({ status, json }).toEqual({
      status: 400,
      json: { message: 'Could Not Parse Request', error: true, service: 'Access Manager', status: 400 },
    });
    expect(await started.store.tenants()).toEqual([]);
  });

  it.each(['%', '%E0%A4%A', '%FF'])('refuses the malformed channel %s', async (channel) => {
    const { status, json } = await beat(channel, 'uuid=u1');
    expect(status).toBe(400);
    expect(json).toMatchObject({
      status: 400,
      message: expect.stringMatching(/Could Not Parse Request|Invalid channel/),
    });
  });

  it('refuses a target over 32 KiB with 414', async () => {
    const { status, json } = await beat('ch', `uuid=u1&x=${'y'.repeat(33_000)}`);
    expect(status).toBe(414);
    expect(json).toEqual({ message: 'Request URI Too Long', error: true, service: 'Balancer', status: 414 });
  });
});

describe('leave', () => {
  const leave = (channels: string, query: string) => get(`${root}/channel/${channels}/leave?${query}`);

  it('ends the presence in the channels named and nowhere else', async () => {
    await beat('a,b', 'uuid=u1');
    const { status, json } = await leave('a,a-pnpres', 'uuid=u1');
    expect(status).toBe(200);
    expect(json).toEqual({ status: 200, action: 'leave', message: 'OK', service: 'Presence' });
    expect(await whereIs('u1')).toEqual(['b']);
    expect(await eventsOf('a')).toEqual(['granted u1 1 null', 'released u1 0 null']);
  });

  it('returns the same reply for an absent uuid', async () => {
    expect((await leave('a', 'uuid=u1')).json).toEqual({
      status: 200,
      action: 'leave',
      message: 'OK',
      service: 'Presence',
    });
    expect(await eventsOf('a')).toEqual([]);
  });

  it('ends the presence in all channels of a group', async () => {
    await get('/v1/channel-registration/sub-key/sub-c-demo/channel-group/g?add=x,y');
    await beat('z', 'uuid=u1&channel-group=g');
    await leave(',', 'uuid=u1&channel-group=g,g-pnpres');
    expect(await whereIs('u1')).toEqual(['z']);
  });

  it('requires a uuid and a channel', async () => {
    expect((await leave('a', '')).json).toEqual(refused('Missing uuid'));
    expect((await leave(',', 'uuid=u')).json).toEqual(refused('Missing channel'));
  });
});

describe('here now', () => {
  beforeEach(async () => {
    await beat('a,b', 'uuid=u1&state=%7B%22a%22%3A%7B%22n%22%3A1%7D%7D');
    await beat('a', 'uuid=u2');
  });
  const hereNow = async (channels: string, query = '') =>
    (await get(`${root}/channel/${channels}?${query}`)).json;

  it('lists one channel in the short form', async () => {
    expect(await hereNow('a')).toEqual({
      status: 200,
      message: 'OK',
      uuids: ['u1', 'u2'],
      occupancy: 2,
      service: 'Presence',
    });
    expect(await hereNow('none')).toEqual({
      status: 200,
      message: 'OK',
      uuids: [],
      occupancy: 0,
      service: 'Presence',
    });
  });

  it('adds states, and leaves out uuids, on request', async () => {
    expect(await hereNow('a', 'state=1')).toMatchObject({
      uuids: [{ uuid: 'u1', state: { n: 1 } }, { uuid: 'u2' }],
    });
    const counted = { status: 200, message: 'OK', occupancy: 2, service: 'Presence' };
    expect(await hereNow('a', 'disable_uuids=1')).toEqual(counted);
    expect(await hereNow('a', 'disable-uuids=1')).toEqual(counted);
    expect(await hereNow('a', 'disable_uuids=0&state=0')).toMatchObject({ uuids: ['u1', 'u2'] });
  });

  it('lists several channels with totals, without the empty ones', async () => {
    expect(await hereNow('b,a,none')).toEqual({
      status: 200,
      message: 'OK',
      payload: {
        channels: { b: { uuids: ['u1'], occupancy: 1 }, a: { uuids: ['u1', 'u2'], occupancy: 2 } },
        total_channels: 2,
        total_occupancy: 3,
      },
      service: 'Presence',
    });
    expect(await hereNow('a,b', 'disable_uuids=1')).toMatchObject({
      payload: { channels: { a: { occupancy: 2 } } },
    });
  });

  it('lists a group in the long form', async () => {
    await get('/v1/channel-registration/sub-key/sub-c-demo/channel-group/g?add=a');
    expect(await hereNow(',', 'channel-group=g')).toMatchObject({
      payload: { channels: { a: { occupancy: 2 } }, total_channels: 1 },
    });
    expect(await hereNow(',', 'channel-group=nobody-made')).toMatchObject({
      payload: { channels: {}, total_channels: 0 },
    });
  });

  it('lists all channels of a key', async () => {
    expect((await get(root)).json).toMatchObject({
      payload: {
        channels: { a: { uuids: ['u1', 'u2'] }, b: { uuids: ['u1'] } },
        total_channels: 2,
        total_occupancy: 3,
      },
    });
    expect((await get('/v2/presence/sub_key/sub-c-none?disable_uuids=1')).json).toMatchObject({
      payload: { channels: {}, total_channels: 0, total_occupancy: 0 },
    });
  });

  it('pages through uuids, oldest join first, with the full count on each page', async () => {
    await beat('a', 'uuid=u3');
    expect(await hereNow('a', 'limit=2')).toMatchObject({ uuids: ['u1', 'u2'], occupancy: 3 });
    expect(await hereNow('a', 'limit=2&offset=2')).toMatchObject({ uuids: ['u3'], occupancy: 3 });
    expect(await hereNow('a', 'limit=0')).toMatchObject({ uuids: [], occupancy: 3 });
  });

  it('refuses invalid limits and offsets', async () => {
    expect(await hereNow('a', 'limit=1001')).toEqual(refused('Cannot return more than 1000 uuids at a time'));
    expect(await hereNow('a', 'limit=x')).toEqual(refused('Invalid limit'));
    expect(await hereNow('a', 'offset=-1')).toEqual(refused('Invalid offset'));
  });
});

describe('state', () => {
  const set = (channels: string, uuid: string, state: string, query = '') =>
    get(`${root}/channel/${channels}/uuid/${uuid}/data?state=${encodeURIComponent(state)}${query}`);
  const read = async (channels: string, uuid: string, query = '') =>
    (await get(`${root}/channel/${channels}/uuid/${uuid}?${query}`)).json;

  it('is set and read back', async () => {
    await beat('a', 'uuid=u1');
    const answer = await set('a', 'u1', '{"count":5,"name":"Alex"}');
    expect(answer.json).toEqual({
      status: 200,
      message: 'OK',
      payload: { count: 5, name: 'Alex' },
      service: 'Presence',
    });
    expect(await read('a', 'u1')).toEqual({
      status: 200,
      message: 'OK',
      uuid: 'u1',
      service: 'Presence',
      payload: { count: 5, name: 'Alex' },
      channel: 'a',
    });
    expect(await eventsOf('a')).toEqual(['granted u1 1 null', 'changed u1 1 {"count":5,"name":"Alex"}']);
  });

  it('of several channels is returned by channel', async () => {
    await beat('a,b', 'uuid=u1');
    await set('a', 'u1', '{"x":[1,{"y":2}]}');
    expect(await read('a,b', 'u1')).toMatchObject({
      payload: { channels: { a: { x: [1, { y: 2 }] }, b: {} } },
    });
    expect(await read('none', 'u1')).toMatchObject({ payload: {}, channel: 'none' });
  });

  it('of an absent uuid is stored, sent to subscribers, and adopted by its join', async () => {
    await set('a', 'u1', '{"mood":"ok"}');
    await set('a', 'u1', '{"mood":"ok"}');
    expect(await read('a', 'u1')).toMatchObject({ payload: { mood: 'ok' } });
    expect((await get(`${root}/channel/a`)).json).toMatchObject({ occupancy: 0 });
    await beat('a', 'uuid=u1');
    expect(await eventsOf('a')).toEqual(['changed u1 0 {"mood":"ok"}', 'granted u1 1 null']);
    expect((await get(`${root}/channel/a?state=1`)).json).toMatchObject({
      uuids: [{ uuid: 'u1', state: { mood: 'ok' } }],
    });
  });

  it('of an absent uuid ends with a leave, and after the default timeout', async () => {
    await set('a', 'u1', '{"mood":"ok"}');
    await get(`${root}/channel/a/leave?uuid=u1`);
    expect(await read('a', 'u1')).toMatchObject({ payload: {} });
    await set('a', 'u1', '{"mood":"ok"}');
    await started.store.advanceClock(300_000);
    expect(await read('a', 'u1')).toMatchObject({ payload: {} });
  });

  it('ends with leave and timeout', async () => {
    await beat('a,b', 'uuid=u1&heartbeat=10');
    await set('a,b', 'u1', '{"mood":"ok"}');
    await get(`${root}/channel/a/leave?uuid=u1`);
    await started.store.advanceClock(10_000);
    expect(await read('a,b', 'u1')).toMatchObject({ payload: { channels: { a: {}, b: {} } } });
    expect((await eventsOf('b')).at(-1)).toBe('expired u1 0 {"mood":"ok"}');
  });

  it('refuses any other value than an object', async () => {
    expect((await get(`${root}/channel/a/uuid/u1/data`)).json).toEqual(refused('No state specified.'));
    expect((await set('a', 'u1', '[]')).json).toEqual(refused('Invalid JSON specified.'));
    expect((await set('a', 'u1', 'null')).json).toEqual(refused('Invalid JSON specified.'));
  });
});

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
    const answer = await started.app.inject({
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
    const answer = await started.app.inject({ method, url, payload: method === 'GET' ? '' : '{' });
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
    const { app, store } = started;
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
