/** Leave, here now and state. */
import { beforeEach, describe, expect, it } from 'vitest';
import { membershipFixture, refused, root } from './members.ts';

const fixture = membershipFixture();
const { get, beat, whereIs, eventsOf } = fixture;

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
    await fixture.started.store.advanceClock(300_000);
    expect(await read('a', 'u1')).toMatchObject({ payload: {} });
  });

  it('ends with leave and timeout', async () => {
    await beat('a,b', 'uuid=u1&heartbeat=10');
    await set('a,b', 'u1', '{"mood":"ok"}');
    await get(`${root}/channel/a/leave?uuid=u1`);
    await fixture.started.store.advanceClock(10_000);
    expect(await read('a,b', 'u1')).toMatchObject({ payload: { channels: { a: {}, b: {} } } });
    expect((await eventsOf('b')).at(-1)).toBe('expired u1 0 {"mood":"ok"}');
  });

  it('refuses any other value than an object', async () => {
    expect((await get(`${root}/channel/a/uuid/u1/data`)).json).toEqual(refused('No state specified.'));
    expect((await set('a', 'u1', '[]')).json).toEqual(refused('Invalid JSON specified.'));
    expect((await set('a', 'u1', 'null')).json).toEqual(refused('Invalid JSON specified.'));
  });
});
