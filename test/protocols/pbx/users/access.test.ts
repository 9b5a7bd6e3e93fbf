import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from '../../../../src/protocols/pbx/users/password.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

const minutes = 60_000;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let folder: string;
let started: StartedApp;
let receiver: Receiver;
let hash: string;
beforeAll(async () => {
  hash = await hashPassword('pass', Buffer.alloc(16, 7));
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  receiver = await startReceiver();
  await startWith([
    { username: 'api', password: hash, maxTokens: 2 },
    { username: 'reader', password: hash, permissions: ['device'] },
    { username: 'elsewhere', password: hash, networks: ['10.0.0.0/8'] },
  ]);
});
afterEach(async () => {
  await receiver.close();
  await started?.close();
  rmSync(folder, { recursive: true });
});

async function startWith(users: unknown): Promise<void> {
  const file = join(folder, 'users.json');
  writeFileSync(file, JSON.stringify({ users }));
  started = await startApp({ pbxUsers: file });
  await started.store.freezeClock();
}
const post = async (path: string, body: unknown = {}) => {
  const answer = await started.app.inject({ method: 'POST', url: path, payload: JSON.stringify(body) });
  return answer.json();
};
const login = (username = 'api', password = md5('pass')) =>
  post('/api/v1.1.0/login', { username, password, port: receiver.port });
const failed = (errno: string) => ({ status: 'Failed', errno });

describe('a password', () => {
  it('matches only exactly what was hashed, in the form that a login sends', async () => {
    expect(hash).toMatch(/^scrypt:[0-9a-f]{32}:[0-9a-f]{64}$/);
    expect(await verifyPassword(md5('pass'), hash)).toBe(true);
    for (const sent of [md5('pass').toUpperCase(), 'pass', '', md5('other')])
      expect(await verifyPassword(sent, hash)).toBe(false);
    expect(await verifyPassword(md5('pass'), undefined)).toBe(false);
    expect(await verifyPassword(md5('pass'), md5('pass'))).toBe(false);
  });

  it('in plain text in the file is refused at the start', async () => {
    await started.close();
    for (const password of ['pass', md5('pass')])
      await expect(startWith([{ username: 'api', password }])).rejects.toThrow(/PBX_USERS: .*is not a hash/);
    await expect(startApp({ pbxUsers: '/no/such/file' })).rejects.toThrow(/PBX_USERS: /);
    await expect(startWith([{ username: 'api' }])).rejects.toThrow(/PBX_USERS: \/users\/0\/password/);
    await startWith([]);
  });
});

describe('a login', () => {
  it('succeeds for users of the file only', async () => {
    expect(await login()).toMatchObject({ status: 'Success' });
    expect(await login('api', md5('wrong'))).toEqual(failed('20003'));
    expect(await login('nobody')).toEqual(failed('20003'));
  });

  it('succeeds only from the networks of the user', async () => {
    expect(await login('elsewhere')).toEqual(failed('20003'));
  });

  it('is locked for ten minutes after five failures in a row, also with the correct password', async () => {
    for (let failure = 0; failure < 5; failure += 1)
      expect(await login('api', md5('wrong'))).toEqual(failed('20003'));
    expect(await login()).toEqual(failed('20002'));
    await started.store.advanceClock(10 * minutes - 1);
    expect(await login()).toEqual(failed('20002'));
    await started.store.advanceClock(1);
    expect(await login()).toMatchObject({ status: 'Success' });
  });

  it('that succeeds resets the failures before it', async () => {
    for (let failure = 0; failure < 12; failure += 1) {
      expect(await login('api', md5('wrong'))).toEqual(failed('20003'));
      if (failure % 4 === 3) expect(await login()).toMatchObject({ status: 'Success' });
    }
  });

  it('that succeeds does not forget failures to log in as somebody else', async () => {
    for (let failure = 0; failure < 5; failure += 1) {
      expect(await login('nobody', md5('guess'))).toEqual(failed('20003'));
      if (failure < 4) expect(await login()).toMatchObject({ status: 'Success' });
    }
    expect(await login('nobody', md5('guess'))).toEqual(failed('20002'));
    expect(await login()).toEqual(failed('20002'));
  });

  it('is locked after five failures that arrive at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => login('api', md5('wrong'))));
    expect(answers.filter(({ errno }) => errno === '20003')).toHaveLength(5);
    expect(answers.filter(({ errno }) => errno === '20002')).toHaveLength(15);
  });

  it('can be unlocked by an operator', async () => {
    for (let failure = 0; failure < 5; failure += 1) await login('api', md5('wrong'));
    const listed = await started.app.inject('/_heartbeatd/pbx/login-failures');
    expect(listed.json()).toEqual({
      loginFailures: [{ address: '127.0.0.1', failures: 5, locked: true }],
      next: null,
    });
    await started.app.inject({ method: 'DELETE', url: '/_heartbeatd/pbx/login-failures/127.0.0.1' });
    expect(await login()).toMatchObject({ status: 'Success' });
  });

  it('counts the IPv6 addresses of a /64 network as one', async () => {
    const from = async (remoteAddress: string) =>
      (
        await started.app.inject({
          method: 'POST',
          url: '/api/v1.1.0/login',
          remoteAddress,
          payload: JSON.stringify({ username: 'api', password: 'x' }),
        })
      ).json();
    for (let failure = 1; failure <= 5; failure += 1)
      expect(await from(`2001:db8::${failure}`)).toEqual(failed('20003'));
    expect(await from('2001:db8:0:0:ffff::1')).toEqual(failed('20002'));
    expect(await from('2001:db8:0:1::1')).toEqual(failed('20003'));
  });

  it('is limited to the maximum of live tokens of the user', async () => {
    const tokens: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      tokens.push((await login()).token);
      await started.store.advanceClock(1);
    }
    const beats = await Promise.all(tokens.map((token) => post(`/api/v1.1.0/heartbeat?token=${token}`)));
    expect(beats).toEqual([failed('20004'), { status: 'Success' }, { status: 'Success' }]);
  });
});

describe('permissions', () => {
  it('are required by every query', async () => {
    const { token } = await login('reader');
    const query = (endpoint: string) => post(`/api/v1.1.0/${endpoint}?token=${token}`);
    expect(await query('deviceinfo/query')).toMatchObject({ status: 'Success' });
    expect(await query('extensionlist/query')).toEqual(failed('10003'));
    expect(await query('heartbeat')).toEqual({ status: 'Success' });
  });

  it('decide which users receive reports', async () => {
    await login('reader');
    await login('api');
    await started.app.inject({
      method: 'POST',
      url: '/_heartbeatd/pbx/events',
      payload: [{ report: 'BootUp' }, { report: 'BootUp' }],
    });
    await receiver.arrived(2);
    const waiting = async () => (await started.app.inject('/_heartbeatd/pbx/deliveries')).json().deliveries;
    await expect.poll(async () => (await waiting())[0]).toMatchObject({ user: 'api', waiting: 0 });
    expect(receiver.received).toHaveLength(2);
  });
});

it('reports go only to the address that logged in, with PBX_SAME_ADDRESS_ONLY', async () => {
  await started.close();
  started = await startApp({ pbxSameAddressOnly: true });
  const { token } = await post('/api/v1.1.0/login', { username: 'api', password: 'x' });
  const beat = (body: unknown) => post(`/api/v1.1.0/heartbeat?token=${token}`, body);
  expect(await beat({ ipaddr: '127.0.0.1', port: 1 })).toEqual({ status: 'Success' });
  expect(await beat({ ipaddr: '127.0.0.2', port: 1 })).toEqual(failed('20011'));
});

it('the operator routes of the PBX require the operator token', async () => {
  await started.close();
  started = await startApp({ operatorToken: 's3cret' });
  expect((await started.app.inject('/_heartbeatd/pbx/deliveries')).statusCode).toBe(401);
  const headers = { authorization: 'Bearer s3cret' };
  expect((await started.app.inject({ url: '/_heartbeatd/pbx/deliveries', headers })).statusCode).toBe(200);
});
