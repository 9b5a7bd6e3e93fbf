/** Receivers that hang when a session of delivery ends keep nobody waiting: the next session starts at once, on every store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, defaultConfig } from '../../../../src/config.ts';
import { openStore } from '../../../../src/store/open.ts';
import { type Store, StoreUnavailable } from '../../../../src/store/store.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { suiteRedis } from '../../../suite-redis.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

const tenant = 'pbx/default';
/** Longer than any test may last: a test that waits for a receiver that hangs fails. */
const pbxReportTimeoutMs = 600_000;
const hangingCount = 5;

const redis = suiteRedis();
let started: StartedApp;
let hanging: Receiver;
let healthy: Receiver;
beforeEach(async () => {
  [hanging, healthy] = await Promise.all([startReceiver(), startReceiver()]);
  hanging.answer = () => undefined;
});
afterEach(async () => {
  await Promise.all([hanging.close(), healthy.close()]);
  await post('/_heartbeatd/reset', {});
  await started.close();
});

const post = async (url: string, payload: object): Promise<Record<string, unknown>> =>
  (await started.app.inject({ method: 'POST', url, payload })).json();
const login = (username: string, { port }: Receiver) =>
  post('/api/v1.1.0/login', { username, password: 'x', port, url: username });
const sms = (smsid: string) =>
  post('/_heartbeatd/pbx/events', { report: 'SmsSend', status: 'Success', smsid });
const received = (): string[] => healthy.bodies().map((body) => JSON.parse(body).smsid);

/** Starts a server, over a store whose commits `refuse` may refuse, and applications of which some hang in an attempt. */
async function startHanging(settings: Partial<Config>, refuse = (): boolean => false): Promise<void> {
  const config = { ...settings, pbxReportTimeoutMs };
  const store = new Proxy(await openStore(defaultConfig(config)), {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown =>
        name === 'commit' && refuse()
          ? Promise.reject(new StoreUnavailable('refused by the test'))
          : Reflect.apply(member, target, args);
    },
  });
  started = await startApp(config, { store });
  for (let at = 0; at < hangingCount; at += 1) await login(`hanging${at}`, hanging);
  await login('healthy', healthy);
  await sms('1');
  await Promise.all([hanging.arrived(hangingCount), healthy.arrived(1)]);
}

describe.each([
  ['embedded', () => ({})],
  ['Redis', () => ({ redisUrl: redis.url })],
] as const)('while receivers hang, on %s', (_store, settings) => {
  it('an application that logs in after a reset gets the next report, and none from before', async () => {
    await startHanging(settings());
    await post('/_heartbeatd/reset', {});
    await login('healthy', healthy);
    await sms('2');
    await healthy.arrived(2);
    expect(received()).toEqual(['1', '2']);
  });

  it('a healthy application gets the next report after another node took the claim away', async () => {
    await startHanging(settings());
    const { store } = started;
    await store.commit({
      tenant,
      writes: ['owner', 'deadline'].map((key) => ({ collection: 'delivery', key, value: null })),
    });
    await sms('2');
    await healthy.arrived(2);
    // The node notices at the latest when the delivery of the second is not stored: it is repeated.
    await sms('3');
    await expect.poll(received).toContain('3');
  });

  it('a healthy application gets the next report after the store refused a write of the delivery', async () => {
    let refusals = 0;
    let isRefusing = false;
    await startHanging(settings(), () => {
      if (isRefusing) refusals += 1;
      return isRefusing;
    });
    isRefusing = true;
    // The claim is renewed every second.
    await expect.poll(() => refusals, { timeout: 5_000 }).toBeGreaterThan(0);
    isRefusing = false;
    await sms('2');
    await expect.poll(received).toContain('2');
  });
});
