/** Heartbeats: joins, timeouts, state, groups, and what is refused. */
import { describe, expect, it } from 'vitest';
import { membershipFixture, nested, refused, root, tenant } from './members.ts';

const fixture = membershipFixture();
const { get, beat, whereIs, eventsOf } = fixture;

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
    await fixture.started.store.advanceClock(19_999);
    await beat('ch', 'uuid=u1&heartbeat=20');
    await fixture.started.store.advanceClock(19_999);
    expect(await whereIs('u1')).toEqual(['ch']);
    await fixture.started.store.advanceClock(1);
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
    expect(await fixture.started.store.read({ tenant, group: 'ch', holder: 'u1' })).toMatchObject({
      remainingMs: ms,
    });
  });

  it('without a timeout keeps the timeout of the heartbeat before', async () => {
    await beat('ch', 'uuid=u1&heartbeat=40');
    await fixture.started.store.advanceClock(10_000);
    await beat('ch', 'uuid=u1');
    expect(await fixture.started.store.read({ tenant, group: 'ch', holder: 'u1' })).toMatchObject({
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
    expect(await fixture.started.store.tenants()).toEqual([]);
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
    expect(await fixture.started.store.tenants()).toEqual([]);
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
