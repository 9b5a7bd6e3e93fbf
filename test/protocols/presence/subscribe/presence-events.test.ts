/** Presence events as subscribers receive them: of a channel, a pattern, a group. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { key, root, subscribeFixture, summarize } from './subscriber.ts';

const fixture = subscribeFixture();
const { restart, inject, subscribe, handshake, publish, heartbeat, receive } = fixture;

describe('presence events', () => {
  it('have the members of the recorded ones', async () => {
    await restart({}, { wallMs: () => 1_757_969_858_404 });
    const tt = await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=david&heartbeat=20');
    await inject(`${root}/channel/ch/uuid/david/data?state=${encodeURIComponent('{"a":1}')}`);
    await fixture.started.store.advanceClock(20_000);
    await heartbeat('ch', 'uuid=david');
    await inject(`${root}/channel/ch/leave?uuid=david`);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    const at = { timestamp: 1_757_969_858, precise_timestamp: 1_757_969_858_404, uuid: 'david' };
    const later = { timestamp: 1_757_969_878, precise_timestamp: 1_757_969_878_404, uuid: 'david' };
    expect(m.map(({ d }) => d)).toEqual([
      { action: 'join', ...at, occupancy: 1 },
      { action: 'state-change', ...at, data: { a: 1 }, occupancy: 1 },
      { action: 'timeout', ...later, data: { a: 1 }, occupancy: 0 },
      { action: 'join', ...later, occupancy: 1 },
      { action: 'leave', ...later, occupancy: 0 },
    ]);
    expect(m[1]).toEqual({
      a: '5',
      f: 0,
      p: { t: expect.stringMatching(/^\d{17}$/), r: 1 },
      k: key,
      c: 'ch-pnpres',
      u: {
        pn_action: 'state-change',
        pn_uuid: 'david',
        pn_timestamp: 1_757_969_858,
        pn_precise_timestamp: 1_757_969_858_404,
        pn_occupancy: 1,
        pn_ispresence: 1,
        pn_channel: 'ch',
        pn_state_a: 1,
      },
      d: expect.anything(),
    });
  });

  it('of a timeout have data also without state', async () => {
    const tt = await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=u&heartbeat=20');
    await fixture.started.store.advanceClock(20_000);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m[1]?.d).toMatchObject({ action: 'timeout', data: {} });
  });

  it('have no second join for reconnecting within the timeout', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await fixture.started.store.advanceClock(19_000);
    await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await heartbeat('ch', 'uuid=u2');
    expect(await receive('ch-pnpres', tt, 2)).toEqual(['ch-pnpres join u1 1', 'ch-pnpres join u2 2']);
  });

  it('count a uuid on two devices as one occupant, which leaves with either and joins again', async () => {
    const tt = await handshake('ch-pnpres');
    await handshake('ch', 'uuid=u1&heartbeat=20');
    await handshake('ch', 'uuid=u1&heartbeat=20');
    await inject(`${root}/channel/ch/leave?uuid=u1`);
    await heartbeat('ch', 'uuid=u1&heartbeat=20');
    expect(await receive('ch-pnpres', tt, 3)).toEqual([
      'ch-pnpres join u1 1',
      'ch-pnpres leave u1 0',
      'ch-pnpres join u1 1',
    ]);
  });

  it('come through groups by the name of the group', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x`);
    const tt = await handshake(',', 'channel-group=g%2Cg-pnpres&uuid=u1');
    await publish('x', 'hi');
    expect(await receive(',', tt, 2, 'channel-group=g,g-pnpres')).toEqual([
      'x-pnpres via g-pnpres join u1 1',
      'x via g "hi"',
    ]);
  });

  it('and messages of a channel added to a group reach polls that are held already', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x`);
    const tt = await handshake(',', 'channel-group=g');
    const held = subscribe(',', `channel-group=g&tt=${tt}`);
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=y`);
    await publish('y', 1);
    expect(summarize(await held)).toEqual(['y via g 1']);
  });

  it('of a channel added to a group reach polls that are held already, from the first join on', async () => {
    const tt = await handshake(',', 'channel-group=g-pnpres');
    const held = subscribe(',', `channel-group=g-pnpres&tt=${tt}`);
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=y`);
    await heartbeat('y', 'uuid=u1');
    expect(summarize(await held)).toEqual(['y-pnpres via g-pnpres join u1 1']);
  });

  it('begin with the first subscriber: what happened before is in no reply and costs nothing', async () => {
    const before = await handshake('ch', 'uuid=u1');
    await heartbeat('ch', 'uuid=u2');
    expect(await fixture.started.store.tenants()).toMatchObject([{ leases: 2, topics: 0 }]);
    await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=u3');
    expect(await receive('ch-pnpres', before, 1)).toEqual(['ch-pnpres join u3 3']);
  });

  it('of one step come once to a subscriber of the channel, of a pattern and of a group that match it', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=a.x`);
    const names = 'a.x-pnpres,a.*';
    const tt = await handshake(names, 'channel-group=g-pnpres');
    await heartbeat('a.x', 'uuid=u1');
    await heartbeat('a.y', 'uuid=u1');
    expect(await receive(names, tt, 2, 'channel-group=g-pnpres')).toEqual([
      'a.x-pnpres join u1 1',
      'a.y-pnpres via a.* join u1 1',
    ]);
  });

  it('of all channels below a pattern come through the pattern, its own included', async () => {
    const tt = await handshake('foo.*', 'uuid=u1');
    await heartbeat('foo.x', 'uuid=u2');
    await publish('foo.x', 1);
    await publish('foo.x.y', 2);
    await publish('other', 3);
    await inject(`${root}/channel/foo.x/leave?uuid=u2`);
    expect(await receive('foo.*', tt, 5)).toEqual([
      'foo.*-pnpres via foo.* join u1 1',
      'foo.x-pnpres via foo.* join u2 1',
      'foo.x via foo.* 1',
      'foo.x.y via foo.* 2',
      'foo.x-pnpres via foo.* leave u2 0',
    ]);
    const both = await receive('foo.x,foo.x-pnpres,foo.*,foo.*-pnpres', tt, 5);
    expect(both).toEqual([
      'foo.*-pnpres join u1 1',
      'foo.x-pnpres join u2 1',
      'foo.x 1',
      'foo.x.y via foo.* 2',
      'foo.x-pnpres leave u2 0',
    ]);
  });

  it('of a state set for an absent uuid reach subscribers of a pattern too', async () => {
    const tt = await handshake('foo.*');
    await inject(`${root}/channel/foo.x/uuid/u9/data?state=%7B%22a%22%3A1%7D`);
    expect(await receive('foo.*', tt, 1)).toEqual(['foo.x-pnpres via foo.* state-change u9 0']);
  });

  it('name what they came through, unless the request names exactly that', async () => {
    const tt = await handshake('ch,ch-pnpres');
    await heartbeat('ch', 'uuid=u1');
    const [direct] = (await subscribe('ch,ch-pnpres', `tt=${tt}`)).m;
    expect(direct?.b).toBe('ch-pnpres');
    const [only] = (await subscribe('ch-pnpres', `tt=${tt}`)).m;
    expect(only && 'b' in only).toBe(false);
  });

  it('have a leave on disconnect only if the setting asks for it', async () => {
    await restart({ presenceLeaveOnDisconnect: true });
    const tt = await handshake('ch-pnpres');
    const mine = await handshake('ch', 'uuid=u1');
    const controller = new AbortController();
    const requested = once(fixture.started.app.server, 'request');
    const poll = fetch(`${fixture.started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${mine}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    await requested;
    controller.abort();
    await gone;
    expect(await receive('ch-pnpres', tt, 2)).toEqual(['ch-pnpres join u1 1', 'ch-pnpres leave u1 0']);
  });
});
