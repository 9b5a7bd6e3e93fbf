/** What grants and their tokens allow, show and refuse. */
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeToken } from '../../../../src/protocols/presence/access/token.ts';
import { accessFixture, forbidden, grantPath, keys, root, wall } from './keyset.ts';

const { theApp, request, requestSigned, startVerifying } = accessFixture();

describe('in verify mode', () => {
  beforeEach(startVerifying);

  it('a grant to uuids is shown by uuid, allows no channel, and excludes channels', async () => {
    const grant = (query: string) =>
      requestSigned(`/v2/auth/grant/sub-key/${keys.subscribeKey}`, 'GET', '', query);
    const granted = { r: 1, w: 1, m: 0, d: 0, g: 0, u: 0, j: 0 };
    expect((await grant('auth=k&r=1&target-uuid=u1,u2&w=1')).json).toEqual({
      message: 'Success',
      payload: {
        level: 'uuid',
        subscribe_key: keys.subscribeKey,
        ttl: 1_440,
        uuids: { u1: { auths: { k: granted } }, u2: { auths: { k: granted } } },
      },
      service: 'Access Manager',
      status: 200,
    });
    expect((await request(`${root}/channel/a?auth=k`)).status).toBe(403);
    expect(await grant('auth=k&channel=a&r=1&target-uuid=u1')).toMatchObject({ status: 400 });
  });

  it('a token that can be decoded but not encoded again is refused', async () => {
    const beatWith = (value: Buffer) => {
      const signature = Buffer.concat([Buffer.from([0x43]), Buffer.from('sig'), Buffer.from([0x58, 32])]);
      const name = Buffer.concat([Buffer.from([0x43]), Buffer.from('res')]);
      const token = Buffer.concat([Buffer.from([0xa2]), signature, Buffer.alloc(32), name, value]);
      return request(`${root}/channel/a/heartbeat?uuid=u&auth=${token.toString('base64url')}`);
    };
    const whatEndsAList = Buffer.from([0xff]);
    // Where the stack ends depends on the machine: somewhere among these it does for writing and not for reading.
    const nested = Array.from({ length: 40 }, (_, at) => 500 * (at + 1)).flatMap((levels) => [
      Buffer.concat([Buffer.alloc(levels, 0x81), Buffer.from([1])]),
      Buffer.concat([Buffer.alloc(levels, Buffer.from([0xa1, 1])), Buffer.from([1])]),
    ]);
    for (const value of [whatEndsAList, ...nested])
      expect(await beatWith(value)).toMatchObject({ status: 403, json: forbidden({ channels: ['a'] }) });
  });

  it('an expired token is refused by name', async () => {
    const none = { chan: new Map(), grp: new Map(), spc: new Map(), usr: new Map(), uuid: new Map() };
    const token = encodeToken(
      {
        issuedAt: wall / 1_000 - 61,
        ttlMinutes: 1,
        resources: { ...none, chan: new Map([['a', 1]]) },
        patterns: none,
        meta: {},
      },
      keys.secretKey,
    );
    expect((await request(`${root}/channel/a?auth=${token}`)).json).toMatchObject({
      message: 'Token is expired',
    });
  });

  it('a grant without permissions is refused as recorded, and a malformed one with what is wrong', async () => {
    const empty = await requestSigned(
      grantPath,
      'POST',
      '{"ttl":1,"permissions":{"resources":{},"patterns":{}}}',
    );
    expect(empty).toMatchObject({
      status: 400,
      json: {
        error: {
          details: [
            { location: 'permissions.resources', locationType: 'body', message: 'What are you granting?' },
          ],
          message: 'This grant contains no permissions',
          source: 'grant',
        },
        service: 'Access Manager',
        status: 400,
      },
    });
    for (const body of ['{', '[]', '{"ttl":0,"permissions":{}}', '{"ttl":1}']) {
      expect((await requestSigned(grantPath, 'POST', body)).status).toBe(400);
    }
  });

  it('grants of the older form hold for a key, a channel or a group, for all or one auth key, until they expire', async () => {
    const grant = (query: string) =>
      requestSigned(`/v2/auth/grant/sub-key/${keys.subscribeKey}`, 'GET', '', query);
    const hereNow = async (channel: string, auth = '') =>
      (await request(`${root}/channel/${channel}?auth=${auth}`)).status;
    expect((await grant('auth=k&channel=a&r=1&w=1')).json).toEqual({
      message: 'Success',
      payload: {
        level: 'user',
        subscribe_key: keys.subscribeKey,
        ttl: 1_440,
        channel: 'a',
        auths: { k: { r: 1, w: 1, m: 0, d: 0, g: 0, u: 0, j: 0 } },
      },
      service: 'Access Manager',
      status: 200,
    });
    expect([await hereNow('a', 'k'), await hereNow('a'), await hereNow('b', 'k')]).toEqual([200, 403, 403]);
    expect((await grant('channel=foo.%2A&r=1&ttl=5')).json).toMatchObject({
      payload: { level: 'channel', ttl: 5, channels: { 'foo.*': { r: 1, w: 0 } } },
    });
    expect([await hereNow('foo.x'), await hereNow('foo')]).toEqual([200, 403]);
    await theApp().store.advanceClock(5 * 60_000);
    expect(await hereNow('foo.x')).toBe(403);
    expect((await grant('channel-group=g&auth=k&m=1')).json).toMatchObject({
      payload: { level: 'channel-group+auth', 'channel-groups': 'g', auths: { k: { m: 1 } } },
    });
    const registration = `/v1/channel-registration/sub-key/${keys.subscribeKey}/channel-group/g`;
    expect((await request(`${registration}?add=x&auth=k`)).status).toBe(200);
    expect((await request(`${registration}?add=x`)).json).toEqual(forbidden({ 'channel-groups': [':g'] }));
    expect((await grant('auth=k&channel=a&r=0')).status).toBe(200);
    expect(await hereNow('a', 'k')).toBe(403);
    expect((await grant('r=1')).json).toMatchObject({ payload: { level: 'subkey', r: 1 } });
    expect(await hereNow('anything')).toBe(200);
  });
});
