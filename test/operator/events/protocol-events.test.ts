/** Events in the terms of each protocol, beside those of leases. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ slsAutoCreate: true });
  await started.store.freezeClock();
});
afterEach(() => started.close());

const operator = (path: string, payload: object) =>
  started.app.inject({ method: 'POST', url: `/_heartbeatd${path}`, payload });
const events = async (type: string, count: number) => {
  const verdict = await operator('/verify', { of: 'events', match: { type }, times: { exactly: count } });
  expect(verdict.json().message).toBe('satisfied');
  return verdict.json().entries;
};

it('tells who joins, changes state, leaves and times out on a channel', async () => {
  const path = '/v2/presence/sub-key/demo/channel/lobby';
  await started.app.inject(`${path}/heartbeat?uuid=ann`);
  await started.app.inject(`${path}/heartbeat?uuid=bob`);
  await started.app.inject(`${path}/uuid/ann/data?state=${encodeURIComponent('{"mood":"ok"}')}`);
  await started.app.inject(`${path}/leave?uuid=ann`);
  await operator('/clock', { tenant: 'presence/demo', advance: '1h' });
  expect(await events('presence.*', 5)).toMatchObject([
    { type: 'presence.join', protocol: 'presence', tenant: 'presence/demo', group: 'lobby', holder: 'ann' },
    { type: 'presence.join', holder: 'bob', count: 2 },
    { type: 'presence.state', holder: 'ann' },
    { type: 'presence.leave', holder: 'ann', count: 1 },
    { type: 'presence.timeout', holder: 'bob', count: 0 },
  ]);
});

it('tells which shards a consumer gets, hands over and loses', async () => {
  const sls = (url: string, payload: object) =>
    started.app.inject({
      method: 'POST',
      url,
      headers: { host: 'demo.cn-hangzhou.log.aliyuncs.com' },
      payload: JSON.stringify(payload),
    });
  const beat = (consumer: string, held: readonly number[]) =>
    sls(`/logstores/logs/consumergroups/cg?type=heartbeat&consumer=${consumer}`, held);
  await sls('/logstores', { logstoreName: 'logs', ttl: 1, shardCount: 2 });
  await sls('/logstores/logs/consumergroups', { consumerGroup: 'cg', timeout: 60, order: false });
  await beat('c1', []);
  expect(await events('shard.*', 2)).toMatchObject([
    { type: 'shard.assigned', protocol: 'sls', tenant: 'sls/demo', group: 'logs/cg', shard: 0, holder: 'c1' },
    { type: 'shard.assigned', shard: 1, holder: 'c1' },
  ]);
  await beat('c1', [0, 1]);
  await beat('c2', []);
  const [handover] = await events('shard.handover', 1);
  expect(handover).toMatchObject({ holder: 'c1', to: 'c2' });
  await events('shard.revoked', 0);
  const kept = [0, 1].filter((shard) => shard !== handover.shard);
  await beat('c1', kept);
  await beat('c1', kept);
  expect(await events('shard.revoked', 1)).toMatchObject([{ holder: 'c1', shard: handover.shard }]);
  expect((await events('shard.assigned', 3))[2]).toMatchObject({ holder: 'c2', shard: handover.shard });
  for (const [shard, count] of [
    [handover.shard, 1],
    [kept[0], 0],
  ]) {
    const match = { type: 'shard.assigned', holder: 'c2', body: { shard } };
    const verdict = await operator('/verify', { of: 'events', match, times: { exactly: count } });
    expect(verdict.json().message).toBe('satisfied');
  }
});
