/** Login, logout, the tokens of a Cloud PBX, and what any other request gets. */
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../../src/store/store.ts';
import { apiFixture, failed, md5OfPass, minutes, success } from './client.ts';

const fixture = apiFixture();
const { restart, send, login, goesTo } = fixture;

describe('login', () => {
  it('returns a new token of 32 lower-case hex digits each time, and older ones stay valid', async () => {
    const first = await login();
    const second = await login();
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
    expect(await send(`v1.1.0/heartbeat?token=${first}`)).toEqual(success);
  });

  it('replies exactly as the version does', async () => {
    const body = { username: 'api', password: md5OfPass, port: '8260' };
    const answers = await Promise.all(
      ['v0.0.1', 'v1.0.2', 'v1.10', 'v2.0.0'].map((version) => send(`${version}/login`, { body })),
    );
    expect(answers.map((answer) => Object.keys(answer))).toEqual([
      ['status', 'token'],
      ['status', 'token'],
      ['status', 'token'],
      ['status', 'token', 'transport'],
    ]);
    expect(answers[3]).toMatchObject({ transport: 'HTTP' });
  });

  it('has reports sent to the address of the login, at its port or 8260', async () => {
    expect(await goesTo(await login('v1.1.0', { port: 9_000, url: 'report' }))).toBe(
      'http://127.0.0.1:9000/report',
    );
    expect(await goesTo(await login('v2.0.0', { port: undefined, urltag: 1 }))).toBe(
      'http://127.0.0.1:8260/',
    );
    expect(
      await goesTo(await login('v2.0.0', { url: 'http://127.0.0.1:18088/api/v2.0.0/', urltag: 1 })),
    ).toBe('http://127.0.0.1:18088/api/v2.0.0/');
  });

  it.each([
    ['an empty body', { raw: '' }, '20007'],
    ['no JSON', { raw: '{ "url" 1}' }, '20000'],
    ['XML', { raw: '<login/>' }, '10002'],
    ['no name', { body: { password: md5OfPass } }, '10004'],
    ['an empty password', { body: { username: 'api', password: '' } }, '10004'],
    ['a wrong port', { body: { username: 'api', password: md5OfPass, port: '65536' } }, '20008'],
    [
      'a callback that cannot be',
      { body: { username: 'api', password: md5OfPass, url: 'ftp://x', urltag: '1' } },
      '20011',
    ],
    ['GET', { method: 'GET' as const }, '20001'],
  ])('refuses %s', async (_what, sent, errno) => {
    expect(await send('v1.1.0/login', sent)).toEqual(failed(errno));
  });

  it('ends the token nearest expiry when a user has too many', async () => {
    await restart({ pbxMaxTokens: 2 });
    const first = await login();
    const second = await login();
    await send(`v1.1.0/heartbeat?token=${first}`);
    await fixture.started.store.freezeClock();
    await fixture.started.store.advanceClock(1_000);
    await send(`v1.1.0/heartbeat?token=${first}`);
    const third = await login();
    const answers = await Promise.all(
      [first, second, third].map((token) => send(`v1.1.0/heartbeat?token=${token}`)),
    );
    expect(answers).toEqual([success, failed('20004'), success]);
  });
});

describe('logout', () => {
  it('ends the token at once', async () => {
    const token = await login();
    expect(await send(`v1.1.0/logout?token=${token}`, { raw: '', type: 'application/json' })).toEqual(
      success,
    );
    expect(await send(`v1.1.0/heartbeat?token=${token}`)).toEqual(failed('20004'));
    expect(await send(`v1.1.0/logout?token=${token}`)).toEqual(failed('20004'));
    expect(await send('v1.1.0/logout')).toEqual(failed('20005'));
  });
});

describe('a Cloud PBX', () => {
  const body = { username: 'api', password: md5OfPass, port: '8260', url: 'first' };
  const refresh = (refreshtoken: unknown) => send('v1.1.0/token/refresh', { body: { refreshtoken } });
  beforeEach(async () => {
    await restart({ pbxFlavour: 'cloud' });
    await fixture.started.store.freezeClock();
  });

  it('issues pairs of tokens that refresh once, and keeps the callback', async () => {
    const first = await send('v1.1.0/login', { body });
    expect(Object.keys(first)).toEqual(['status', 'token', 'refreshtoken']);
    await fixture.started.store.advanceClock(25 * minutes);
    const second = await refresh(first.refreshtoken);
    expect(Object.keys(second)).toEqual(['status', 'token', 'refreshtoken']);
    expect(await goesTo(second.token)).toBe('http://127.0.0.1:8260/first');
    expect(await send(`v1.1.0/heartbeat?token=${first.token}`)).toEqual(failed('20004'));
    expect(await refresh(first.refreshtoken)).toEqual(failed('20004'));
    await fixture.started.store.advanceClock(25 * minutes);
    expect(await send(`v1.1.0/heartbeat?token=${second.token}`)).toEqual(success);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(second.refreshtoken)));
    expect(answers.filter(({ status }) => status === 'Success')).toHaveLength(1);
  });

  it('extends a token by nothing else', async () => {
    const { token, refreshtoken } = await send('v1.1.0/login', { body });
    await fixture.started.store.advanceClock(20 * minutes);
    expect(await send(`v1.1.0/heartbeat?token=${token}`)).toEqual(success);
    await fixture.started.store.advanceClock(10 * minutes);
    expect(await send(`v1.1.0/heartbeat?token=${token}`)).toEqual(failed('20004'));
    expect(await refresh(refreshtoken)).toEqual(failed('20004'));
  });

  it('refuses an invalid refresh', async () => {
    expect(await refresh('x')).toEqual(failed('20004'));
    expect(await refresh('')).toEqual(failed('10004'));
    expect(await send('v1.1.0/token/refresh')).toEqual(failed('20007'));
    expect(await send('v1.1.0/token/refresh', { raw: '[]' })).toEqual(failed('20000'));
    expect(await send('v1.1.0/token/refresh', { method: 'GET' })).toEqual(failed('20001'));
  });

  it('is a setting: other PBXs have no refresh', async () => {
    await restart();
    expect(await refresh('x')).toEqual(failed('10003'));
  });
});

describe('any other request', () => {
  it("gets the API's own errors", async () => {
    expect(await send('v1.1.0/nothing')).toEqual(failed('10003'));
    expect(await send('v1.1.0/extension/nothing')).toEqual(failed('10003'));
    expect(await send('vx/heartbeat')).toEqual(failed('10003'));
    expect(await send('v1.1.0/')).toEqual(failed('20009'));
    expect(await send('v1.1.0/%zz')).toEqual(failed('10003'));
    expect(await send('nothing')).toEqual(failed('10003'));
    expect(
      (await fixture.started.app.inject({ method: 'PUT', url: '/api/v1.1.0/heartbeat' })).json(),
    ).toEqual(failed('20001'));
  });

  it('is allowed from browsers by OPTIONS', async () => {
    const answer = await fixture.started.app.inject({ method: 'OPTIONS', url: '/api/v1.1.0/heartbeat' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'Content-Type',
    });
  });

  it('gets 20010 if the store is unavailable, and 30001 for an internal error', async () => {
    fixture.started.store.beat = () => Promise.reject(new StoreUnavailable('away'));
    expect(await send('v1.1.0/heartbeat?token=x')).toEqual(failed('20010'));
    fixture.started.store.beat = () => Promise.reject(new Error('fault'));
    expect(await send('v1.1.0/heartbeat?token=x')).toEqual(failed('30001'));
  });
});
