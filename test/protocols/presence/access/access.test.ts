/** Which requests are allowed without keysets, with keysets and in verify mode. */
import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessFixture, forbidden, grantPath, keys, presenceKey, root, wall } from './keyset.ts';

const { theApp, start, request, requestSigned, startVerifying, tokenFor } = accessFixture();

describe('without keysets', () => {
  beforeEach(async () => {
    await start({});
  });

  it('every key, auth and signature is accepted', async () => {
    expect(
      (await request(`${root}/channel/a/heartbeat?uuid=u&auth=x&signature=v2.x&timestamp=1`)).status,
    ).toBe(200);
    expect((await request('/publish/any/any/0/a/0/1?signature=x')).status).toBe(200);
  });

  it('a grant whose metadata is nested too deep is refused', async () => {
    const deep = `${'['.repeat(14_000)}${']'.repeat(14_000)}`;
    const body = `{"ttl":5,"permissions":{"resources":{"channels":{"a":1}},"meta":{"x":${deep}}}}`;
    expect(await request('/v3/pam/any/grant', 'POST', body)).toMatchObject({
      status: 400,
      json: { error: { message: 'Invalid JSON' } },
    });
  });

  it('tokens are granted to any client', async () => {
    const body = JSON.stringify({ ttl: 5, permissions: { resources: { channels: { a: 1 } } } });
    expect((await request('/v3/pam/any/grant', 'POST', body)).json).toMatchObject({
      data: { message: 'Success', token: expect.stringMatching(/^[\w-]+$/) },
    });
  });
});

describe('with keysets', () => {
  beforeEach(async () => {
    await start({ presenceKeys: [presenceKey] });
  });

  it('other keys are refused', async () => {
    expect(await request('/v2/presence/sub-key/other/channel/a/heartbeat?uuid=u')).toMatchObject({
      status: 400,
      json: { message: 'Invalid Subscribe Key', error: true, service: 'Access Manager', status: 400 },
    });
    expect(await request(`/publish/other/${keys.subscribeKey}/0/a/0/1`)).toMatchObject({
      status: 400,
      json: [0, 'Invalid Key', expect.stringMatching(/^\d{17}$/)],
    });
    expect((await request(`/publish/${keys.publishKey}/${keys.subscribeKey}/0/a/0/1`)).status).toBe(200);
  });

  it('a signature must be right and recent, and a request without one needs no permission', async () => {
    expect((await requestSigned(`${root}/channel/a`)).status).toBe(200);
    expect((await request(`${root}/channel/a`)).status).toBe(200);
    expect(await request(`${root}/channel/a?signature=v2.x&timestamp=${wall / 1_000}`)).toMatchObject({
      status: 403,
      json: { message: 'Invalid Signature', error: true, service: 'Access Manager', status: 403 },
    });
    for (const off of [-61, 61, Number.NaN]) {
      expect(await request(`${root}/channel/a?signature=v2.x&timestamp=${wall / 1_000 + off}`)).toMatchObject(
        {
          status: 400,
          json: { message: 'Invalid Timestamp', error: true, service: 'Access Manager', status: 400 },
        },
      );
    }
    expect((await request(`/v2/auth/grant/sub-key/${keys.subscribeKey}?r=1`)).status).toBe(403);
  });
});

describe('in verify mode', () => {
  beforeEach(startVerifying);

  it('refused names are listed in the shape of the real service', async () => {
    const answer = await request(`${root}/channel/a,b/heartbeat?uuid=u&channel-group=g`);
    expect(answer.status).toBe(403);
    expect(answer.json).toEqual(forbidden({ channels: ['a', 'b'], 'channel-groups': [':g'] }));
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=UTF-8',
      'cache-control': 'no-cache, no-store, must-revalidate',
      'x-pn-cause': '9999',
    });
    const subscribe = await request(`/v2/subscribe/${keys.subscribeKey}/a,a-pnpres/0?uuid=u`);
    expect(subscribe.json).toEqual(forbidden({ channels: ['a', 'a-pnpres'] }));
    expect((await request(`/publish/${keys.publishKey}/${keys.subscribeKey}/0/a/0/1`)).json).toEqual(
      forbidden({ channels: ['a'] }),
    );
  });

  it('leave, where now and time need no permission', async () => {
    expect((await request(`${root}/channel/a/leave?uuid=u`)).status).toBe(200);
    expect((await request(`${root}/uuid/u`)).status).toBe(200);
    expect((await request('/time/0')).status).toBe(200);
  });

  it('a signature stands in for every permission', async () => {
    expect((await requestSigned(`${root}/channel/a/heartbeat`, 'GET', '', 'uuid=u')).status).toBe(200);
  });

  it('a token allows what it holds, to its uuid, until it expires or is revoked', async () => {
    const token = await tokenFor({
      uuid: 'ann',
      resources: { channels: { a: 1, w: 2 }, groups: {} },
      patterns: { channels: { '^room-\\d+$': 3 } },
      meta: {},
    });
    const beat = (channels: string, who = 'ann') =>
      request(`${root}/channel/${channels}/heartbeat?uuid=${who}&auth=${token}`);
    expect((await beat('a')).status).toBe(200);
    expect((await beat('a,room-7')).status).toBe(200);
    expect((await beat('a,w,room-x')).json).toEqual(forbidden({ channels: ['w', 'room-x'] }));
    expect((await beat('a', 'bob')).json).toEqual(forbidden({ channels: ['a'] }));
    const publish = (channel: string) =>
      request(`/publish/${keys.publishKey}/${keys.subscribeKey}/0/${channel}/0/1?uuid=ann&auth=${token}`);
    expect((await publish('w')).status).toBe(200);
    expect((await publish('a')).status).toBe(403);
    expect(await requestSigned(`${grantPath}/${token}`, 'DELETE')).toMatchObject({
      json: { data: { message: 'Success' }, service: 'Access Manager', status: 200 },
    });
    expect(await beat('a')).toMatchObject({
      status: 403,
      headers: { 'x-pn-cause': '4001' },
      json: { message: 'Token is revoked', error: true, service: 'Access Manager', status: 403 },
    });
  });

  it('a revoked token stays revoked however it is spelled', async () => {
    // Its uuid makes the encoding long enough to contain both characters that the alphabets differ in, and padding.
    let token = '';
    for (let n = 0; !(/-/.test(token) && /_/.test(token) && token.length % 4 !== 0); n += 1)
      token = await tokenFor({ uuid: `ann${'x'.repeat(n % 50)}${n}`, resources: { channels: { a: 3 } } });
    const uuid = /ann\w*/.exec(Buffer.from(token, 'base64url').toString('latin1'))?.[0] ?? '';
    const beat = (auth: string) =>
      request(`${root}/channel/a/heartbeat?uuid=${uuid.replace(/C$/, '')}&auth=${auth}`);
    const other = encodeURIComponent(token.replaceAll('-', '+').replaceAll('_', '/'));
    const spellings = [
      token,
      `${token}%3D`,
      `${token}%3D%3D`,
      other,
      `${token.slice(0, 5)}%20${token.slice(5)}`,
      `${token.slice(0, 5)}%0A!${token.slice(5)}`,
    ];
    expect((await beat(token)).status).toBe(200);
    expect((await requestSigned(`${grantPath}/${other}`, 'DELETE')).status).toBe(200);
    for (const spelling of spellings)
      expect(await beat(spelling)).toMatchObject({ status: 403, json: { message: 'Token is revoked' } });
  });

  it('grants, tokens and revocations end by the clock that the operator moves', async () => {
    const token = await tokenFor({ resources: { channels: { a: 3 } } }, 10);
    const short = await tokenFor({ resources: { channels: { a: 3 } } }, 1);
    const publish = (auth: string) =>
      request(`/publish/${keys.publishKey}/${keys.subscribeKey}/0/a/0/1?auth=${auth}`);
    const expired = {
      status: 403,
      headers: { 'x-pn-cause': '9999' },
      json: { message: 'Token is expired', error: true, service: 'Access Manager', status: 403 },
    };
    expect([(await publish(token)).status, (await publish(short)).status]).toEqual([200, 200]);
    await requestSigned(`${grantPath}/${token}`, 'DELETE');
    expect(await publish(token)).toMatchObject({ status: 403, json: { message: 'Token is revoked' } });
    await theApp().store.advanceClock(61_000);
    expect(await publish(short)).toMatchObject(expired);
    expect(await publish(token)).toMatchObject({ status: 403, json: { message: 'Token is revoked' } });
    expect(await requestSigned(`${grantPath}/${short}`, 'DELETE')).toMatchObject({
      status: 400,
      json: {
        error: {
          message: 'Invalid token',
          source: 'revoke',
          details: [{ message: 'Token is expired.', location: 'token', locationType: 'path' }],
        },
        service: 'Access Manager',
        status: 400,
      },
    });
    await theApp().store.advanceClock(10 * 60_000);
    expect(await publish(token)).toMatchObject(expired);
    // A token that is granted now lives from now.
    expect((await publish(await tokenFor({ resources: { channels: { a: 3 } } }, 1))).status).toBe(200);
  });

  it('a signature is recent by wall time and by the clock that the operator moves', async () => {
    await theApp().store.advanceClock(600_000);
    const at = (seconds: number) => {
      const path = `${root}/channel/a`;
      const query = `timestamp=${wall / 1_000 + seconds}`;
      const text = ['GET', keys.publishKey, path, query, ''].join('\n');
      const signature = createHmac('sha256', keys.secretKey).update(text).digest('base64url');
      return request(`${path}?${query}&signature=v2.${signature}`);
    };
    const statuses = await Promise.all([0, 60, 540, 600, 660].map((seconds) => at(seconds)));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    for (const seconds of [-61, 61, 300, 539, 661])
      expect(await at(seconds)).toMatchObject({ status: 400, json: { message: 'Invalid Timestamp' } });
  });

  it('a signed query cannot be extended', async () => {
    const path = `${root}/channel/a/heartbeat`;
    const query = `timestamp=${wall / 1_000}&uuid=ann`;
    const text = ['GET', keys.publishKey, path, query, ''].join('\n');
    const signature = `signature=v2.${createHmac('sha256', keys.secretKey).update(text).digest('base64url')}`;
    expect((await request(`${path}?${query}&${signature}`)).status).toBe(200);
    for (const extended of [
      `${query}&${signature}?uuid=bob`,
      `${query}&${signature}&?channel-group=g`,
      `${query}&${signature}?&channel-group=g`,
      `${query}&${signature}&channel-group=g`,
      `${query}&${signature}&signature=x&channel-group=g`,
      `?${query}&${signature}`,
    ])
      expect([400, 403]).toContain((await request(`${path}?${extended}`)).status);
  });

  it('a pattern of a token takes linear time', async () => {
    const token = await tokenFor({ patterns: { channels: { '^(a|a)*$': 1, '^(x+x+)+y$': 1 } } });
    const hereNow = (channel: string) => request(`${root}/channel/${channel}?auth=${token}`);
    expect((await hereNow('a'.repeat(500))).status).toBe(200);
    // A backtracking engine would take ages for each of these.
    for (const channel of [`${'a'.repeat(26)}!`, `${'a'.repeat(2_000)}!`, 'x'.repeat(2_000)])
      expect((await hereNow(channel)).status).toBe(403);
  });

  it.each(['*', '(?=a)', '(a{1000}){1000}', '('])(
    'a grant with the pattern %s is refused',
    async (pattern) => {
      const body = JSON.stringify({ ttl: 1, permissions: { patterns: { channels: { [pattern]: 1 } } } });
      expect(await requestSigned(grantPath, 'POST', body)).toMatchObject({
        status: 400,
        json: {
          error: {
            message: 'Invalid RegExp',
            source: 'grant',
            details: [{ location: `permissions.patterns.channels.${pattern}`, locationType: 'body' }],
          },
        },
      });
    },
  );
});
