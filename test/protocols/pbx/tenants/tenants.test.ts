/** Several PBXs on one server: users named `<tenant>/<user>` have one of their own, which no other sees. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../../src/config.ts';
import type { StartedApp } from '../../../start-app.ts';
import { startAppOverStore } from '../../../start-app.ts';
import { suiteRedis } from '../../../suite-redis.ts';
import { ok, type Receiver, startReceiver, status } from '../receiver.ts';

const redis = suiteRedis();
let nodes: StartedApp[];
let receiver: Receiver;
beforeEach(async () => {
  nodes = [];
  receiver = await startReceiver();
});
afterEach(async () => {
  if (nodes[0] !== undefined) await post(nodes[0], '/_heartbeatd/reset');
  for (const node of nodes) await node.close();
  await receiver.close();
});

async function start(settings: Partial<Config> = {}): Promise<StartedApp> {
  const node = await startAppOverStore(settings);
  nodes.push(node);
  return node;
}

type Json = Record<string, unknown>;
const post = async ({ app }: StartedApp, url: string, payload: object = {}): Promise<Json> =>
  (await app.inject({ method: 'POST', url, payload })).json();
const get = async ({ app }: StartedApp, url: string): Promise<Json> => (await app.inject(url)).json();
const login = async (node: StartedApp, username: string): Promise<string> => {
  const fields = { username, password: 'x', port: receiver.port, url: username };
  return String((await post(node, '/api/v1.1.0/login', fields)).token);
};
const beat = (node: StartedApp, token: string) => post(node, `/api/v1.1.0/heartbeat?token=${token}`);
const query = (node: StartedApp, token: string) =>
  post(node, `/api/v1.1.0/extensionlist/query?token=${token}`);
const sms = (node: StartedApp, smsid: string, tenant?: string) =>
  post(node, `/_heartbeatd/pbx/events${tenant === undefined ? '' : `?tenant=${tenant}`}`, {
    report: 'SmsSend',
    status: 'Success',
    smsid,
  });
const success = { status: 'Success' };
const unknownToken = { status: 'Failed', errno: '20004' };

describe.each([
  ['embedded', () => ({})],
  ['Redis', () => ({ redisUrl: redis.url })],
] as const)('tenants of the PBX, on %s', (_store, settings) => {
  it('have a clock each: 30 minutes in one end its tokens, and no others', async () => {
    const node = await start(settings());
    const [one, two, plain] = await Promise.all(
      ['one/api', 'two/api', 'api'].map((user) => login(node, user)),
    );
    await node.store.advanceClock(30 * 60_000, 'pbx/one');
    expect(await beat(node, one ?? '')).toEqual(unknownToken);
    expect(await beat(node, two ?? '')).toEqual(success);
    expect(await beat(node, plain ?? '')).toEqual(success);
  });

  it('have reports, a model and calls each', async () => {
    const node = await start(settings());
    const [one, two] = await Promise.all(['one/api', 'two/api'].map((user) => login(node, user)));
    await login(node, 'api');
    await sms(node, 'for one', 'pbx/one');
    await receiver.arrived(1);
    await sms(node, 'for all others');
    await receiver.arrived(2);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/one/api', '/api']);
    const { app } = node;
    await app.inject({
      method: 'PUT',
      url: '/_heartbeatd/pbx/extensions/7777?tenant=pbx/one',
      payload: { type: 'SIP', username: 'Only here' },
    });
    expect(JSON.stringify(await query(node, one ?? ''))).toContain('7777');
    expect(JSON.stringify(await query(node, two ?? ''))).not.toContain('7777');
    const { deliveries } = await get(node, '/_heartbeatd/pbx/deliveries?tenant=pbx/two');
    expect(deliveries).toMatchObject([{ user: 'two/api', waiting: 0 }]);
  });

  it('are reset one by one', async () => {
    const node = await start(settings());
    const [one, two] = await Promise.all(['one/api', 'two/api'].map((user) => login(node, user)));
    await post(node, '/_heartbeatd/reset', { tenant: 'pbx/one' });
    expect(await beat(node, one ?? '')).toEqual(unknownToken);
    expect(await beat(node, two ?? '')).toEqual(success);
    const again = await login(node, 'one/api');
    await sms(node, 'after', 'pbx/one');
    await receiver.arrived(1);
    expect(await beat(node, again)).toEqual(success);
  });
});

describe('a token of a tenant', () => {
  it('is found by a node that did not issue it, with its reports', async () => {
    const settings = { redisUrl: redis.url };
    const [issuer, other] = [await start(settings), await start(settings)];
    const token = await login(issuer, 'one/api');
    expect(await beat(other, token)).toEqual(success);
    await sms(other, '1', 'pbx/one');
    await receiver.arrived(1);
    const again = await start(settings);
    expect(await beat(again, token)).toEqual(success);
  });

  it('gets its reports from a node that had no request for its tenant, when the one that had ends', async () => {
    const settings = { redisUrl: redis.url };
    const [first, second] = [await start(settings), await start(settings)];
    await login(first, 'one/api');
    receiver.answer = status(500);
    await sms(first, '1', 'pbx/one');
    await receiver.arrived(1);
    await first.close();
    nodes = [second];
    receiver.answer = ok;
    await receiver.arrived(2);
    expect(new Set(receiver.bodies()).size).toBe(1);
  });

  it('is named with its tenant in the journal and in faults', async () => {
    const node = await start();
    const [one, two] = await Promise.all(['one/api', 'two/api'].map((user) => login(node, user)));
    await post(node, '/_heartbeatd/faults', {
      match: { tenant: 'pbx/one', operation: 'PbxHeartbeat' },
      do: { error: '20011' },
    });
    expect(await beat(node, two ?? '')).toEqual(success);
    expect(await beat(node, one ?? '')).toEqual({ status: 'Failed', errno: '20011' });
    const { entries } = (await get(node, '/_heartbeatd/journal?tenant=pbx/two')) as { entries: Json[] };
    expect(entries.map(({ operation }) => operation)).toEqual(['PbxLogin', 'PbxHeartbeat']);
  });

  it('begins with 8 to f, those of the default tenant with 0 to 7, also for names that are no tenant', async () => {
    const node = await start();
    expect(await login(node, 'one/api')).toMatch(/^[89a-f][0-9a-f]{31}$/);
    for (const user of ['api', '/api', 'ONE/api', 'default/api', 'a b/c'])
      expect(await login(node, user)).toMatch(/^[0-7][0-9a-f]{31}$/);
  });

  it('that was never issued is refused', async () => {
    const node = await start();
    expect(await beat(node, 'f'.repeat(32))).toEqual(unknownToken);
    expect(await get(node, '/_heartbeatd/pbx/deliveries?tenant=sls/p')).toMatchObject({
      error: expect.stringContaining('pbx/<name>'),
    });
  });
});
