/** Reports that do not arrive are never met with silence: operators read why, and what would fix it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../../src/config.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { ok, type Receiver, startReceiver, status } from '../receiver.ts';

const minutes = 60_000;
let started: StartedApp;
let receiver: Receiver;
const start = async (changes: Partial<Config> = {}): Promise<void> => {
  started = await startApp(changes);
  await started.store.freezeClock();
};
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

type Json = Record<string, unknown>;
const post = async (url: string, payload: object): Promise<Json> =>
  (await started.app.inject({ method: 'POST', url, payload })).json();
const get = async (url: string): Promise<Json> => (await started.app.inject(url)).json();
const login = (change: object = {}): Promise<Json> =>
  post('/api/v1.1.0/login', { username: 'api', password: 'x', port: receiver.port, ...change });
const report = () => post('/_heartbeatd/pbx/events', { report: 'BootUp' });
const delivery = async () =>
  ((await get('/_heartbeatd/pbx/deliveries')).deliveries as Json[])[0] as Json & { last?: Json };
const diagnostics = async () => (await get('/_heartbeatd/pbx/diagnostics')).diagnostics as Json[];
const closedPort = async (): Promise<number> => {
  const gone = await startReceiver();
  await gone.close();
  return gone.port;
};

describe('a callback that the policy refuses', () => {
  it('does not refuse the login: the token lives, gets no reports, and operators read the rule', async () => {
    await start({ pbxAllowTargets: ['203.0.113.0/24'] });
    const { status: answer, token } = await login();
    expect(answer).toBe('Success');
    await login({ url: 'http://203.0.113.1:9/', urltag: 1 });
    await report();
    expect(await post(`/api/v1.1.0/heartbeat?token=${token}`, {})).toEqual({ status: 'Success' });
    const refused = expect.stringContaining('127.0.0.1 is not in PBX_ALLOW_TARGETS');
    const views = (await get('/_heartbeatd/pbx/deliveries')).deliveries as Json[];
    expect(views.find(({ tokens }) => (tokens as string[]).includes(String(token)))).toMatchObject({
      allowed: false,
      rule: refused,
      waiting: 0,
      state: refused,
      fix: expect.stringContaining('name another callback'),
    });
    expect(await diagnostics()).toContainEqual({
      atMs: expect.any(Number),
      message: 'no reports are sent to a login: its callback is refused',
      user: 'api',
      url: `http://127.0.0.1:${receiver.port}/`,
      detail: refused,
    });
    expect(receiver.received).toHaveLength(0);
  });

  it('gets its reports when a heartbeat moves it to where they may go', async () => {
    await start({ pbxDenyTargets: ['10.0.0.0/8'] });
    const { token } = await login({ url: 'http://10.0.0.1/', urltag: 1 });
    await report();
    await post(`/api/v1.1.0/heartbeat?token=${token}`, { ipaddr: '127.0.0.1', port: receiver.port });
    await report();
    await receiver.arrived(2);
    expect(await delivery()).toMatchObject({ allowed: true });
  });

  it.each(['/api/v2.0.0/', '/_heartbeatd/reset', '/'])('is this server, at %s', async (path) => {
    await start();
    const { status: answer, token } = await login({ url: `${started.url}${path}`, urltag: 1 });
    expect(answer).toBe('Success');
    expect(await delivery()).toMatchObject({
      allowed: false,
      rule: expect.stringContaining('is this server'),
    });
    const heartbeat = { ipaddr: '127.0.0.1', port: new URL(started.url).port, url: path };
    const moved = await login();
    expect(await post(`/api/v1.1.0/heartbeat?token=${moved.token}`, heartbeat)).toMatchObject({
      errno: '20011',
    });
    expect(await post(`/api/v1.1.0/heartbeat?token=${token}`, {})).toEqual({ status: 'Success' });
  });

  it('is this server under a name, at the latest when a report is to be sent', async () => {
    await start();
    await login({ url: started.url.replace('127.0.0.1', 'localhost'), urltag: 1 });
    await report();
    await expect.poll(async () => (await delivery()).last?.outcome).toContain('is this server');
  });
});

describe('an application that gets nothing', () => {
  it('since its port is closed leaves a note with the reason, and says what would fix it', async () => {
    await start();
    const port = await closedPort();
    await login({ port });
    await report();
    const url = `http://127.0.0.1:${port}/`;
    const refused = expect.stringMatching(/^unreachable: 127\.0\.0\.1: ECONNREFUSED/);
    const note = {
      message: 'callback cannot be reached; its reports wait',
      user: 'api',
      url,
      detail: refused,
    };
    await expect.poll(diagnostics).toMatchObject([note]);
    await expect.poll(async () => (await delivery()).last).toMatchObject({ outcome: refused });
    expect(await delivery()).toMatchObject({
      waiting: 1,
      nextInMs: expect.any(Number),
      state: expect.stringMatching(/^1 report waits; last attempt: unreachable: .*; next attempt in \d s$/),
      fix: 'start the application at that address and port, or name others in a heartbeat',
    });
  });

  it('until its token expired leaves a note of how many reports were dropped', async () => {
    await start();
    await login({ port: await closedPort() });
    await report();
    await report();
    await expect.poll(async () => (await delivery()).last?.outcome).toContain('ECONNREFUSED');
    await started.store.advanceClock(30 * minutes);
    await expect.poll(diagnostics).toContainEqual(
      expect.objectContaining({
        message: 'reports dropped: the token ended before they were delivered',
        detail: expect.stringMatching(/^2 reports; last attempt: unreachable: .*ECONNREFUSED/),
      }),
    );
  });

  it('since it declines leaves one note until it accepts, and another when it declines again', async () => {
    await start();
    await login();
    receiver.answer = status(404);
    await report();
    await report();
    await receiver.arrived(2);
    const notes = async () => (await diagnostics()).map(({ detail }) => detail);
    await expect.poll(notes).toEqual(['status 404']);
    expect(await delivery()).toMatchObject({ fix: 'have the application reply with status 200, not 404' });
    receiver.answer = ok;
    await report();
    await receiver.arrived(3);
    await expect.poll(async () => (await delivery()).last?.outcome).toBe('status 200');
    receiver.answer = status(404);
    await report();
    await expect.poll(notes).toEqual(['status 404', 'status 404']);
  });
});

describe('a test report', () => {
  const test = (body: object) => post('/_heartbeatd/pbx/deliveries/test', body);

  it('arrives at once in the shape of the application, and its reply is shown', async () => {
    await start();
    const { token } = await login({ version: '1.0.2', url: 'r' });
    expect(await test({ token })).toMatchObject({
      url: `http://127.0.0.1:${receiver.port}/r`,
      body: receiver.bodies()[0],
      delivered: true,
      attempt: { outcome: 'status 200', address: '127.0.0.1' },
      reply: 'ok',
    });
    expect(receiver.bodies()[0]).toMatch(/^\{"action":"BootUp","sn":"\d+"\}$/);
    const busy = { report: 'ExtensionStatus', extension: '1000', status: 'Busy' };
    await test({ token, report: busy });
    expect(receiver.bodies()[1]).toContain('"ExtensionStatus"');
  });

  it('that does not arrive says why', async () => {
    await start();
    const { token } = await login({ port: await closedPort() });
    expect(await test({ token })).toMatchObject({
      delivered: false,
      attempt: { outcome: expect.stringContaining('ECONNREFUSED'), fix: expect.any(String) },
    });
    const own = await login({ url: started.url, urltag: 1 });
    expect(await test({ token: own.token })).toMatchObject({
      delivered: false,
      attempt: { outcome: expect.stringContaining('is this server') },
    });
  });

  it('is refused for a token that is not live, and for what is no report', async () => {
    await start();
    const { token } = await login();
    expect(await test({ token: 'x' })).toEqual({ error: 'the token is not live' });
    expect(await test({ token, report: { report: 'Nothing' } })).toMatchObject({
      error: expect.stringContaining('unknown report'),
    });
  });
});
