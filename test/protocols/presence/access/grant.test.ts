/** Replies of grants of the older form, against those that the SDKs recorded. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { keys, presenceKey } from './keyset.ts';

const path = `/v2/auth/grant/sub-key/${keys.subscribeKey}`;

let started: StartedApp;
beforeAll(async () => {
  started = await startApp({
    presenceKeys: [presenceKey],
    presenceAuth: 'verify',
  });
});
afterAll(() => started.close());

/** Grants with a signature; `padded` in the older form, of base64 with padding. */
async function grant(query: string, { padded = false } = {}) {
  const timestamp = Math.floor(Date.now() / 1_000);
  const parameters = new URLSearchParams(query);
  parameters.append('timestamp', String(timestamp));
  parameters.sort();
  const sorted = [...parameters].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const lines = padded
    ? [keys.subscribeKey, keys.publishKey, path, sorted]
    : ['GET', keys.publishKey, path, sorted, ''];
  const digest = createHmac('sha256', keys.secretKey).update(lines.join('\n'));
  const signature = padded ? digest.digest('base64') : `v2.${digest.digest('base64url')}`;
  const url = `${path}?${sorted}&signature=${encodeURIComponent(signature)}`;
  const reply = await started.app.inject({ method: 'GET', url });
  return { status: reply.statusCode, json: JSON.parse(reply.body) as Record<string, unknown> };
}

const rw = { r: 1, w: 1, m: 0, d: 0, g: 0, u: 0, j: 0 };
const rwm = { ...rw, m: 1 };
const all = { r: 1, w: 1, m: 1, d: 0, g: 1, u: 1, j: 1 };

describe('the reply of a grant is as recorded', () => {
  it.each([
    ['of a channel', 'channel=a&m=1&r=1&ttl=60&w=1', { level: 'channel', ttl: 60, channels: { a: rwm } }],
    ['of channels', 'channel=a,b&r=1&w=1', { level: 'channel', channels: { a: rw, b: rw } }],
    [
      'of a channel to one auth key',
      'auth=k&channel=a&r=1&w=1',
      { level: 'user', channel: 'a', auths: { k: rw } },
    ],
    [
      'of channels to one auth key',
      'auth=k&channel=a,b&r=1&w=1',
      { level: 'user', channels: { a: { auths: { k: rw } }, b: { auths: { k: rw } } } },
    ],
    ['of a group', 'channel-group=g&r=1&w=1', { level: 'channel-group', 'channel-groups': { g: rw } }],
    [
      'of groups',
      'channel-group=g,h&r=1&w=1',
      { level: 'channel-group', 'channel-groups': { g: rw, h: rw } },
    ],
    [
      'of a group to one auth key',
      'auth=k&channel-group=g&r=1&w=1',
      { level: 'channel-group+auth', 'channel-groups': 'g', auths: { k: rw } },
    ],
    [
      'of groups to one auth key',
      'auth=k&channel-group=g,h&r=1&w=1',
      { level: 'channel-group+auth', 'channel-groups': { g: { auths: { k: rw } }, h: { auths: { k: rw } } } },
    ],
    [
      'of channels and groups to auth keys',
      'auth=k,l&channel=a&channel-group=g&r=1&w=1',
      {
        level: 'channel-group+auth',
        channels: { a: { auths: { k: rw, l: rw } } },
        'channel-groups': { g: { auths: { k: rw, l: rw } } },
      },
    ],
    [
      'of uuids to one auth key',
      'auth=k&g=1&j=1&m=1&r=1&target-uuid=u1,u2&u=1&w=1',
      { level: 'uuid', uuids: { u1: { auths: { k: all } }, u2: { auths: { k: all } } } },
    ],
    ['of the whole key', 'r=1&w=1', { level: 'subkey', ...rw }],
    ['of the whole key with every flag', 'g=1&j=1&m=1&r=1&u=1&w=1', { level: 'subkey', ...all }],
  ])('%s', async (_, query, payload) => {
    expect(await grant(query)).toEqual({
      status: 200,
      json: {
        message: 'Success',
        payload: { subscribe_key: keys.subscribeKey, ttl: 1_440, ...payload },
        service: 'Access Manager',
        status: 200,
      },
    });
  });
});

describe('a grant', () => {
  it('is signed in the older form too, in the alphabet with + and /, padded', async () => {
    expect((await grant('channel=a&r=1', { padded: true })).status).toBe(200);
  });

  it.each([
    ['channel=a', 'channel=a&target-uuid=u'],
    ['channel-group=g', 'channel-group=g&target-uuid=u'],
  ])('names either uuids or %s', async (_, names) => {
    expect(await grant(`auth=k&r=1&${names}`)).toMatchObject({
      status: 400,
      json: { error: { source: 'grant', message: 'Invalid grant' }, service: 'Access Manager', status: 400 },
    });
  });

  it('for longer than the maximum is one for the maximum', async () => {
    expect(await grant('channel=a&r=1&ttl=9999999999999999')).toMatchObject({
      json: { payload: { ttl: 525_600 } },
    });
  });

  it.each(['-1', '1.5', 'x', '1e3'])('for %s minutes is refused', async (ttl) => {
    expect(await grant(`channel=a&r=1&ttl=${ttl}`)).toMatchObject({
      status: 400,
      json: { error: { message: 'Invalid ttl' } },
    });
  });
});
