/** Why a client of the vendors' SDKs is refused or gone, asked after what the SDK itself did. */
import { createRequire } from 'node:module';
import PubNub from 'pubnub';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../src/start-heartbeatd.ts';
import { resolveSlsNames } from './sls-names.ts';

// CommonJS without types that match what it exports.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');

let hb: StartedHeartbeatd;
resolveSlsNames();
beforeEach(async () => {
  hb = await startHeartbeatd({ settings: { slsAutoCreate: true } });
});
afterEach(() => hb.close());

it('a consumer of the SDK is refused with NotExistConsumerWithBody, and why says since when and what to report', async () => {
  const tenant = 'sls/shop';
  await hb.call('moveClock', { tenant, freeze: true });
  const api = new sls.default(
    new Config({
      ...{ accessKeyId: 'id', accessKeySecret: 'secret', regionId: 'cn-hangzhou', protocol: 'HTTP' },
      endpoint: `sls.local:${new URL(hb.url).port}`,
    }),
  );
  const at = ['shop', 'store', 'cg'] as const;
  const beat = async (consumer: string, body: number[]): Promise<number[]> =>
    (await api.consumerGroupHeartBeat(...at, new sls.ConsumerGroupHeartBeatRequest({ consumer, body }))).body;
  const group = new sls.CreateConsumerGroupRequest({ consumerGroup: 'cg', timeout: 60, order: false });
  await api.createConsumerGroup('shop', 'store', group);
  const held = await beat('c1', []);
  expect(held.length).toBeGreaterThan(0);
  await beat('c1', held);
  await hb.call('moveClock', { tenant, advance: '30s' });
  await beat('c2', []);
  await hb.call('moveClock', { tenant, advance: '40s' });
  expect(await beat('c2', [])).toEqual(held);
  await expect(beat('c1', held)).rejects.toMatchObject({ code: 'NotExistConsumerWithBody', statusCode: 400 });

  const { sentences } = await hb.why({ tenant, group: 'store/cg', holder: 'c1' });
  const text = sentences.join('\n');
  expect(text).toContain('c1 is not a member of store/cg: its lease expired 10 s ago');
  expect(text).toMatch(/refused with NotExistConsumerWithBody because they still report shards? 0/);
});

it.each([true, false])(
  'a uuid of the SDK with enableEventEngine %s times out, and why says when and for want of what',
  async (enableEventEngine) => {
    const tenant = 'presence/demo';
    await hb.call('moveClock', { tenant, freeze: true });
    const bob = new PubNub({
      ...{ subscribeKey: 'demo', publishKey: 'demo', userId: 'bob', enableEventEngine },
      ...{ origin: new URL(hb.url).host, ssl: false, presenceTimeout: 60 },
    });
    try {
      bob.subscribe({ channels: ['lobby'] });
      await hb.waitForEvent({ type: 'presence.join', tenant, holder: 'bob' });
      const subject = { tenant, group: 'lobby', holder: 'bob' };
      expect((await hb.why(subject)).sentences.join('\n')).toContain('bob is present on lobby');

      // It crashes: no goodbye, and nothing that beats for it.
      await hb.faults.add({
        match: { tenant, operation: 'Leave' },
        do: { drop: 'before' },
        when: { count: 'all' },
      });
      bob.destroy(true);
      const { fired } = await hb.call('moveClock', { tenant, advance: '90s' });
      expect(fired).toMatchObject([{ holder: 'bob', group: 'lobby' }]);
      expect((await hb.why(subject)).sentences.join('\n')).toContain(
        'bob is not present on lobby: it timed out 30 s ago, because no heartbeat or subscribe arrived within its timeout.',
      );
    } finally {
      bob.destroy(true);
    }
  },
);
