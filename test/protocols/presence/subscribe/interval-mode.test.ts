/** Events of channels above the announce limit, summed up once an interval. */
import { describe, expect, it } from 'vitest';
import { key, root, subscribeFixture } from './subscriber.ts';

const fixture = subscribeFixture();
const { restart, inject, subscribe, handshake, heartbeat } = fixture;

describe('interval mode', () => {
  const intervalMs = 10_000;
  const busy = async (changes = {}): Promise<void> =>
    restart({ presenceAnnounceMax: 2, ...changes }, { wallMs: () => 1_757_969_850_000 });

  it('sums up a channel above the announce limit once an interval', async () => {
    await busy({ presenceDeltas: true });
    await fixture.started.store.advanceClock(1_000);
    const tt = await handshake('ch-pnpres');
    for (const uuid of ['a', 'b', 'c', 'd']) await heartbeat('ch', `uuid=${uuid}&heartbeat=20`);
    await inject(`${root}/channel/ch/leave?uuid=a`);
    await fixture.started.store.advanceClock(intervalMs);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m.map(({ d }) => d)).toMatchObject([
      { action: 'join', uuid: 'a', occupancy: 1 },
      { action: 'join', uuid: 'b', occupancy: 2 },
      {
        action: 'interval',
        timestamp: 1_757_969_860,
        occupancy: 3,
        join: ['c', 'd'],
        leave: ['a'],
      },
    ]);
    expect(m[2]?.u).toMatchObject({ pn_action: 'interval', pn_join: ['c', 'd'], pn_occupancy: 3 });
  });

  it('reports no interval before it is over, and lists uuids only with deltas on', async () => {
    await busy();
    await fixture.started.store.advanceClock(1_000);
    await heartbeat('ch', 'uuid=a');
    await heartbeat('ch', 'uuid=b');
    const tt = await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=c');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await inject('/time/0');
    await fixture.started.store.advanceClock(intervalMs);
    // A change of state is announced at once, and wakes the poll.
    await inject(`${root}/channel/ch/uuid/a/data?state=%7B%22x%22%3A1%7D`);
    const { m } = await held;
    expect(m.map(({ d }) => d)).toMatchObject([
      { action: 'interval', occupancy: 3, timestamp: 1_757_969_860 },
      { action: 'state-change', uuid: 'a' },
    ]);
    expect(Object.keys(m[0]?.d as object).sort()).toEqual([
      'action',
      'occupancy',
      'precise_timestamp',
      'timestamp',
    ]);
  });

  it('wakes a held poll at the end of the interval', async () => {
    await restart({ presenceAnnounceMax: 0, presenceIntervalSeconds: 1 });
    await fixture.started.store.thawClock();
    const tt = await handshake('ch-pnpres');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await heartbeat('ch', 'uuid=a');
    expect((await held).m).toMatchObject([{ d: { action: 'interval', occupancy: 1 } }]);
  });

  it('continues after wall time went an hour forward and back', async () => {
    let aheadMs = 0;
    await restart(
      { presenceAnnounceMax: 0, presenceIntervalSeconds: 1 },
      { wallMs: () => Date.now() + aheadMs },
    );
    await fixture.started.store.thawClock();
    await heartbeat('ch', 'uuid=before');
    aheadMs = 3_600_000;
    await heartbeat('ch', 'uuid=meanwhile');
    aheadMs = 0;
    const tt = await handshake('ch-pnpres');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await heartbeat('ch', 'uuid=after');
    expect((await held).m).toMatchObject([{ d: { action: 'interval', occupancy: 3 } }]);
  });

  it('ends with the clock of the tenant, which wakes the poll that is held', async () => {
    await busy({ presenceAnnounceMax: 0 });
    const tt = await handshake('ch-pnpres');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await heartbeat('ch', 'uuid=a');
    await fixture.started.store.advanceClock(60_000, 'presence/another key');
    await fixture.started.store.advanceClock(intervalMs, `presence/${key}`);
    expect((await held).m).toMatchObject([{ d: { action: 'interval', occupancy: 1 } }]);
  });

  it('requests a here now where the lists would be too long', async () => {
    await busy({ presenceDeltas: true, presenceAnnounceMax: 0 });
    await fixture.started.store.advanceClock(1_000);
    const tt = await handshake('ch-pnpres');
    for (let at = 0; at < 400; at += 1) await heartbeat('ch', `uuid=${'u'.repeat(88)}${at}`);
    await fixture.started.store.advanceClock(intervalMs);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m).toHaveLength(1);
    expect(m[0]?.d).toMatchObject({ action: 'interval', occupancy: 400, here_now_refresh: true });
    expect(m[0]?.d).not.toHaveProperty('join');
  });
});
