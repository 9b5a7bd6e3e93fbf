import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';

const tenant = 'pbx/default';
const md5OfPass = '1a1dc91c907325c69271ddf0c944bc72';
const minutes = 60_000;

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
});
afterEach(() => started.close());

type Sent = { body?: unknown; raw?: string; type?: string; method?: 'GET' | 'POST' };

const send = async (path: string, { body, raw, type, method = 'POST' }: Sent = {}) => {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const contentType = type ?? (body === undefined ? undefined : 'application/json; charset=utf-8');
  const options: InjectOptions = { method, url: `/api/${path}` };
  if (payload !== undefined) options.payload = payload;
  if (contentType !== undefined && contentType !== 'none') options.headers = { 'content-type': contentType };
  const answer = await started.app.inject(options);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE',
    'content-type': 'application/json',
  });
  return answer.json();
};
const login = async (version = 'v1.1.0', change: Record<string, unknown> = {}): Promise<string> => {
  const body = { username: 'api', password: md5OfPass, port: '8260', ...change };
  const { token } = (await send(`${version}/login`, { body })) as { token: string };
  return token;
};
const callback = async (token: string): Promise<Record<string, unknown>> => {
  const lease = await started.store.read({ tenant, group: 'api', holder: token });
  return JSON.parse(lease?.data ?? '{}');
};
const goesTo = async (token: string) => (await callback(token)).callback;
const success = { status: 'Success' };
const failed = (errno: string) => ({ status: 'Failed', errno });

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
    await started.close();
    started = await startApp({ pbxMaxTokens: 2 });
    const first = await login();
    const second = await login();
    await send(`v1.1.0/heartbeat?token=${first}`);
    await started.store.freezeClock();
    await started.store.advanceClock(1_000);
    await send(`v1.1.0/heartbeat?token=${first}`);
    const third = await login();
    const answers = await Promise.all(
      [first, second, third].map((token) => send(`v1.1.0/heartbeat?token=${token}`)),
    );
    expect(answers).toEqual([success, failed('20004'), success]);
  });
});

describe('heartbeat', () => {
  let token: string;
  beforeEach(async () => {
    token = await login('v1.1.0', { url: 'first' });
  });
  const beat = (sent: Sent = {}, version = 'v1.1.0', query = '') =>
    send(`${version}/heartbeat?token=${token}${query}`, sent);
  const full = { ipaddr: '10.0.0.1', port: '8260', url: 'report', urltag: '0' };

  it('succeeds as the document shows it', async () => {
    const body = { ipaddr: '172.16.6.150', port: '8280', url: '172.16.6.150:8280', urltag: '1' };
    expect(await beat({ body }, 'v0.0.1')).toEqual(success);
    expect(await goesTo(token)).toBe('http://172.16.6.150:8280/');
  });

  it('renews the token for 30 minutes, to the millisecond', async () => {
    await started.store.advanceClock(30 * minutes - 1);
    expect(await beat()).toEqual(success);
    await started.store.advanceClock(30 * minutes - 1);
    expect(await beat()).toEqual(success);
    await started.store.advanceClock(30 * minutes);
    expect(await beat()).toEqual(failed('20004'));
  });

  it.each([
    ['nothing at all', {}],
    ['an empty body that says JSON', { raw: '', type: 'application/json' }],
    ['an empty object', { body: {} }],
    ['GET', { method: 'GET' as const }],
  ])('of %s renews and keeps the callback', async (_what, sent) => {
    await started.store.advanceClock(20 * minutes);
    expect(await beat(sent)).toEqual(success);
    expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    expect(await started.store.read({ tenant, group: 'api', holder: token })).toMatchObject({
      remainingMs: 30 * minutes,
    });
  });

  it.each([
    ['a new address, and forgets the old url', { ipaddr: '10.0.0.1', port: '8261' }, 'http://10.0.0.1:8261/'],
    ['a port as a number', { ipaddr: '10.0.0.1', port: 8_261 }, 'http://10.0.0.1:8261/'],
    ['a path', full, 'http://10.0.0.1:8260/report'],
    ['the tag as a number', { ...full, urltag: 0 }, 'http://10.0.0.1:8260/report'],
    ['the tag by its other name', { url: '10.0.0.2:8260/r', urlflag: '1' }, 'http://10.0.0.2:8260/r'],
    [
      'both names of the tag: urltag wins',
      { url: '10.0.0.2/r', urltag: '1', urlflag: '0' },
      'http://10.0.0.2/r',
    ],
    ['a url alone, and keeps the address', { url: 'other' }, 'http://127.0.0.1:8260/other'],
    ['an address alone, and keeps the port', { ipaddr: '10.0.0.1' }, 'http://10.0.0.1:8260/'],
  ])('accepts %s', async (_what, body, href) => {
    expect(await beat({ body })).toEqual(success);
    expect(await goesTo(token)).toBe(href);
  });

  it.each([
    ['no Content-Type', { raw: JSON.stringify(full), type: 'none' }],
    ['text/plain', { raw: JSON.stringify(full), type: 'text/plain' }],
    [
      'form-urlencoded, as curl -d says',
      { raw: JSON.stringify(full), type: 'application/x-www-form-urlencoded' },
    ],
    ['capitals', { raw: JSON.stringify(full), type: 'Application/JSON' }],
    ['an empty Content-Type', { raw: JSON.stringify(full), type: '' }],
    ['a Content-Type that is none', { raw: JSON.stringify(full), type: 'json' }],
    ['two Content-Types in one', { raw: JSON.stringify(full), type: 'application/json, text/plain' }],
    ['a Content-Type whose parameters are none', { raw: JSON.stringify(full), type: 'application/json ;;=' }],
    [
      'a true form',
      { raw: 'ipaddr=10.0.0.1&port=8260&url=report&urltag=0', type: 'application/x-www-form-urlencoded' },
    ],
  ])('reads a body with %s', async (_what, sent) => {
    expect(await beat(sent)).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.1:8260/report');
  });

  it.each([
    ['a name without quotes', '{ "url": "10.0.0.2:8260/r",urlflag: "1" }'],
    ['commas too many', '{ ,"url":"10.0.0.2:8260/r",, "urltag":1, }'],
    ['white space of all kinds', '\r\n{\t"url" : "10.0.0.2:8260\\/r" ,\n urltag : true , "urltag":"1"}\n'],
  ])('reads a body with %s, as samples and scripts have it', async (_what, raw) => {
    expect(await beat({ raw, type: 'text/plain' })).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.2:8260/r');
  });

  it('reads fields from the query, and prefers those of the body', async () => {
    expect(await beat({}, 'v1.1.0', '&ipaddr=10.0.0.1')).toEqual(success);
    expect(await goesTo(token)).toBe('http://10.0.0.1:8260/');
    expect(await beat({ body: { ipaddr: '10.0.0.2' } }, 'v1.1.0', '&ipaddr=10.0.0.3&port=1')).toEqual(
      success,
    );
    expect(await goesTo(token)).toBe('http://10.0.0.2:1/');
  });

  it.each([
    ['a wrong port', { body: { ipaddr: '10.0.0.1', port: '65536' } }, '20008'],
    ['an empty address', { body: { ipaddr: '', port: '8260' } }, '10004'],
    ['an empty port', { body: { ipaddr: '10.0.0.1', port: '' } }, '10004'],
    ['an unknown tag', { body: { ...full, urltag: '7' } }, '20011'],
    ['more than an object', { raw: '{ url: "x" } {}', type: 'application/json' }, '20000'],
    ['broken JSON', { raw: '{ "url" 1}', type: 'application/json' }, '20000'],
    ['an array', { body: [] }, '20000'],
    ['a string', { body: 'x' }, '20000'],
    ['null', { raw: 'null', type: 'application/json' }, '20000'],
    ['a field that is an object', { body: { ipaddr: {} } }, '20000'],
    ['XML', { raw: '<xml>…</xml>' }, '10002'],
    ['an address that is refused', { body: { ipaddr: '169.254.169.254', port: '80' } }, '20011'],
  ])('refuses %s, changes nothing, and still renews', async (_what, sent, errno) => {
    await started.store.advanceClock(20 * minutes);
    expect(await beat(sent)).toEqual(failed(errno));
    expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    expect(await started.store.read({ tenant, group: 'api', holder: token })).toMatchObject({
      remainingMs: 30 * minutes,
    });
  });

  it('is refused if it is too large', async () => {
    expect(await beat({ body: { url: 'x'.repeat(70_000) } })).toEqual(failed('20000'));
  });

  it('changes nothing if it repeats the stored callback', async () => {
    await beat({ body: full });
    const changes: string[] = [];
    started.store.observe(({ type }) => changes.push(type));
    await beat({ body: full });
    await beat({ body: { ...full, port: 8_260 } });
    expect(changes).toEqual([]);
  });

  it('may change the version of reports', async () => {
    await beat({ body: { ipaddr: '10.0.0.1', version: '2.0.0' } }, 'v2.0.0');
    expect(await callback(token)).toMatchObject({ version: '2.0.0', ipaddr: '10.0.0.1' });
  });

  it('requires a live token', async () => {
    expect(await send('v1.1.0/heartbeat')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat?token=')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat?k=v?token=x')).toEqual(failed('20005'));
    expect(await send('v1.1.0/heartbeat', { body: { token } })).toEqual(failed('20005'));
    expect(await send(`v1.1.0/heartbeat?token=${'0'.repeat(32)}`)).toEqual(failed('20004'));
    expect(await send(`v1.1.0/heartbeat?token=${'x'.repeat(5_000)}`)).toEqual(failed('20004'));
    expect(await send(`v1.1.0/heartbeat?token=${token}&token=other`)).toEqual(success);
  });

  it('works under every version prefix and with a slash at the end', async () => {
    for (const version of ['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.10', 'v2.0.0'])
      expect(await beat({}, version)).toEqual(success);
    expect(await send(`v1.1.0/heartbeat/?token=${token}`)).toEqual(success);
  });

  it('renews one lease, also many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => beat()));
    expect(answers.every(({ status }) => status === 'Success')).toBe(true);
    expect(await started.store.count({ tenant, groups: ['api'] })).toEqual([1]);
  });

  describe('under the strict profile', () => {
    it('v0.0.1 requires what the table of its document requires', async () => {
      expect(await beat({}, 'v0.0.1')).toEqual(failed('20007'));
      expect(await beat({ body: { ipaddr: '10.0.0.1' } }, 'v0.0.1')).toEqual(failed('10004'));
      expect(await beat({ body: { port: '8260' } }, 'v0.0.1')).toEqual(failed('10004'));
      expect(await beat({ method: 'GET' }, 'v0.0.1')).toEqual(failed('20001'));
      expect(await goesTo(token)).toBe('http://127.0.0.1:8260/first');
    });

    it('PBX_STRICT makes all versions strict, or none', async () => {
      for (const [pbxStrict, version, answer] of [
        ['always', 'v2.0.0', failed('20007')],
        ['never', 'v0.0.1', success],
      ] as const) {
        await started.close();
        started = await startApp({ pbxStrict });
        token = await login();
        expect(await beat({}, version)).toEqual(answer);
      }
    });
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
    await started.close();
    started = await startApp({ pbxFlavour: 'cloud' });
    await started.store.freezeClock();
  });

  it('issues pairs of tokens that refresh once, and keeps the callback', async () => {
    const first = await send('v1.1.0/login', { body });
    expect(Object.keys(first)).toEqual(['status', 'token', 'refreshtoken']);
    await started.store.advanceClock(25 * minutes);
    const second = await refresh(first.refreshtoken);
    expect(Object.keys(second)).toEqual(['status', 'token', 'refreshtoken']);
    expect(await goesTo(second.token)).toBe('http://127.0.0.1:8260/first');
    expect(await send(`v1.1.0/heartbeat?token=${first.token}`)).toEqual(failed('20004'));
    expect(await refresh(first.refreshtoken)).toEqual(failed('20004'));
    await started.store.advanceClock(25 * minutes);
    expect(await send(`v1.1.0/heartbeat?token=${second.token}`)).toEqual(success);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(second.refreshtoken)));
    expect(answers.filter(({ status }) => status === 'Success')).toHaveLength(1);
  });

  it('extends a token by nothing else', async () => {
    const { token, refreshtoken } = await send('v1.1.0/login', { body });
    await started.store.advanceClock(20 * minutes);
    expect(await send(`v1.1.0/heartbeat?token=${token}`)).toEqual(success);
    await started.store.advanceClock(10 * minutes);
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
    await started.close();
    started = await startApp();
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
    expect((await started.app.inject({ method: 'PUT', url: '/api/v1.1.0/heartbeat' })).json()).toEqual(
      failed('20001'),
    );
  });

  it('is allowed from browsers by OPTIONS', async () => {
    const answer = await started.app.inject({ method: 'OPTIONS', url: '/api/v1.1.0/heartbeat' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'Content-Type',
    });
  });

  it('gets 20010 if the store is unavailable, and 30001 for an internal error', async () => {
    started.store.beat = () => Promise.reject(new StoreUnavailable('away'));
    expect(await send('v1.1.0/heartbeat?token=x')).toEqual(failed('20010'));
    started.store.beat = () => Promise.reject(new Error('fault'));
    expect(await send('v1.1.0/heartbeat?token=x')).toEqual(failed('30001'));
  });
});
