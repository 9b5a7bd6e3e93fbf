/** `presence.interval` in the stream of events: changes of a busy channel, summed up at the end of each interval. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';

const tenant = 'presence/demo';
let hb: StartedHeartbeatd;
beforeEach(async () => {
  hb = await startHeartbeatd({ settings: { presenceAnnounceMax: 3, presenceIntervalSeconds: 10 } });
  await hb.store.freezeClock();
});
afterEach(() => hb.close());

const enter = (uuid: string, channel = 'lobby') =>
  fetch(`${hb.url}/v2/presence/sub-key/demo/channel/${channel}/heartbeat?uuid=${uuid}&heartbeat=300`);
const leave = (uuid: string) => fetch(`${hb.url}/v2/presence/sub-key/demo/channel/lobby/leave?uuid=${uuid}`);
const move = (body: object) => hb.operator.json('POST', '/clock', { body });
const told = async () => {
  const found = await hb.operator.json<{ entries: Record<string, unknown>[] }>('POST', '/verify', {
    body: { match: { type: 'presence.interval' }, of: 'events', times: { atLeast: 0 } },
  });
  return found.entries.map(({ tenant: of, group, occupancy, joined, left, timedOut }) => ({
    ...{ of, group, occupancy, joined, left, timedOut },
  }));
};

describe('an interval event', () => {
  it('comes once at the end of an interval that has changes above the limit, without a subscriber', async () => {
    for (const uuid of ['a', 'b', 'c', 'd', 'e', 'f']) await enter(uuid);
    await leave('f');
    await enter('a', 'quiet');
    expect(await told()).toEqual([]);
    await move({ tenant, advance: '10s' });
    const sum = { of: tenant, group: 'lobby', occupancy: 5, joined: 3, left: 1, timedOut: 0 };
    expect(await told()).toEqual([sum]);
    await move({ tenant, advance: '1m' });
    expect(await told()).toEqual([sum]);
  });

  it.each([
    ['one advance', [{ tenant, advance: '310s' }]],
    ['many', Array.from({ length: 310 }, () => ({ tenant, advance: '1s' }))],
    ['one of all clocks', [{ advance: '310s' }]],
  ])('is the same in %s', async (_, moves) => {
    for (const uuid of ['a', 'b', 'c', 'd', 'e']) await enter(uuid);
    for (const body of moves) await move(body);
    expect(await told()).toEqual([
      { of: tenant, group: 'lobby', occupancy: 5, joined: 2, left: 0, timedOut: 0 },
      { of: tenant, group: 'lobby', occupancy: 0, joined: 0, left: 0, timedOut: 1 },
    ]);
  });

  it('comes in real time, and not after a reset of its tenant', async () => {
    await hb.store.thawClock();
    await hb.close();
    hb = await startHeartbeatd({ settings: { presenceAnnounceMax: 1, presenceIntervalSeconds: 1 } });
    await enter('a');
    await enter('b');
    await expect.poll(told).toHaveLength(1);
    await hb.store.freezeClock();
    await enter('c');
    await hb.reset(tenant);
    await move({ advance: '5s' });
    expect(await told()).toHaveLength(1);
  });
});
