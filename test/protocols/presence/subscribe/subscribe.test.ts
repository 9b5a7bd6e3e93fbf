import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';

const key = 'sub-c-demo';
const root = `/v2/presence/sub-key/${key}`;

interface Envelope {
  readonly c: string;
  readonly b?: string;
  readonly d: unknown;
  readonly p: { readonly t: string; readonly r: number };
  readonly u?: Record<string, unknown>;
}
interface PollReply {
  readonly t: { readonly t: string; readonly r: number };
  readonly m: readonly Envelope[];
}

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
});
afterEach(() => started.close());

const restart = async (changes: Parameters<typeof startApp>[0], options = {}): Promise<void> => {
  await started.close();
  started = await startApp(changes, options);
  await started.store.freezeClock();
};
const inject = (url: string) => started.app.inject({ method: 'GET', url });
const get = async (url: string): Promise<unknown> => JSON.parse((await inject(url)).body);
const subscribe = async (channels: string, query = ''): Promise<PollReply> =>
  (await get(`/v2/subscribe/${key}/${channels}/0?${query}`)) as PollReply;
const handshake = async (channels: string, query = ''): Promise<string> =>
  (await subscribe(channels, query)).t.t;
const publish = async (channel: string, message: unknown, query = ''): Promise<string> => {
  const json = encodeURIComponent(JSON.stringify(message));
  const answer = (await get(`/publish/pub-c-demo/${key}/0/${channel}/0/${json}?${query}`)) as unknown[];
  expect(answer.slice(0, 2)).toEqual([1, 'Sent']);
  return String(answer[2]);
};
const heartbeat = (channels: string, query: string) =>
  inject(`${root}/channel/${channels}/heartbeat?${query}`);
/** Returns each delivery as a line: channel, name that it came through, payload. */
const summarize = ({ m }: PollReply): string[] =>
  m.map(({ c, b, d }) => {
    const { action, uuid, occupancy } = d as { action?: string; uuid?: string; occupancy?: number };
    const payload = action === undefined ? JSON.stringify(d) : `${action} ${uuid} ${occupancy}`;
    return [c, ...(b === undefined || b === c ? [] : [`via ${b}`]), payload].join(' ');
  });
/** Polls from a timetoken on until a number of deliveries arrived. */
const receive = async (channels: string, from: string, count: number, query = ''): Promise<string[]> => {
  const all: string[] = [];
  for (let tt = from; all.length < count; ) {
    const answer = await subscribe(channels, `tt=${tt}&tr=1&${query}`);
    all.push(...summarize(answer));
    tt = answer.t.t;
  }
  return all;
};

describe('subscribe', () => {
  it('returns at once where to begin, in a region that is not 0, with the headers of the real service', async () => {
    const answer = await inject(`/v2/subscribe/${key}/ch/0?uuid=u1`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset="UTF-8"',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET',
      'cache-control': 'no-cache',
    });
    expect(JSON.parse(answer.body)).toEqual({ t: { t: expect.stringMatching(/^\d{17}$/), r: 1 }, m: [] });
    expect((await subscribe('ch', 'tt=0&tr=5')).m).toEqual([]);
  });

  it('delivers to a subscriber its own join, after the timetoken of its handshake', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const answer = await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}&tr=1`);
    expect(summarize(answer)).toEqual(['ch-pnpres join u1 1']);
    expect(BigInt(answer.m[0]?.p.t ?? 0) > BigInt(tt)).toBe(true);
    expect(answer.t.t).toBe(answer.m[0]?.p.t);
  });

  it('renews with its reply the presence on its channels and those of its groups, not on companions', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x,y`);
    await handshake('a,b-pnpres', 'uuid=u1&heartbeat=20&channel-group=g,g-pnpres');
    expect(await get(`${root}/uuid/u1`)).toMatchObject({ payload: { channels: ['a', 'x', 'y'] } });
  });

  it('renews nothing while it is held, and hears of its own timeout', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const joined = (await subscribe('ch,ch-pnpres', `uuid=u1&heartbeat=20&tt=${tt}`)).t.t;
    const held = subscribe('ch,ch-pnpres', `uuid=u1&heartbeat=20&tt=${joined}`);
    await started.store.advanceClock(20_000);
    expect(summarize(await held)).toEqual(['ch-pnpres timeout u1 0']);
  });

  it('brings back a uuid that timed out while it was held, but not one that left', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const joined = (await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}`)).t.t;
    const held = subscribe('ch,ch-pnpres', `uuid=u1&tt=${joined}`);
    await inject(`${root}/uuid/u1`);
    await inject(`${root}/channel/ch/leave?uuid=u1`);
    expect(summarize(await held)).toEqual(['ch-pnpres leave u1 0']);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });

    const again = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(20_000);
    await subscribe('ch,ch-pnpres', `uuid=u1&tt=${again}`);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 1 } });
  });

  it('brings back no uuid that left while it was held on channels whose events nobody receives', async () => {
    const tt = await handshake('ch', 'uuid=u1&heartbeat=20');
    const held = subscribe('ch', `uuid=u1&tt=${tt}`);
    await inject(`${root}/uuid/u1`);
    await inject(`${root}/channel/ch/leave?uuid=u1`);
    await publish('ch', 1);
    await held;
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });

    const again = await handshake('ch', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(20_000);
    await publish('ch', 2);
    await subscribe('ch', `uuid=u1&tt=${again}`);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 1 } });
  });

  it('has no occupant without a uuid', async () => {
    await handshake('ch');
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });
  });

  it('sets the state that comes with it, as part of the join', async () => {
    const tt = await handshake('ch-pnpres');
    const state = encodeURIComponent('{"ch":{"mood":"ok"}}');
    await handshake('ch', `uuid=u1&state=${state}`);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m).toMatchObject([{ d: { action: 'join', data: { mood: 'ok' } } }]);
  });

  it('returns the timetoken of the request from an idle poll', async () => {
    await restart({ presenceHoldSeconds: 1 });
    const tt = await handshake('ch');
    expect(await subscribe('ch', `tt=${tt}&tr=1`)).toEqual({ t: { t: tt, r: 1 }, m: [] });
  });

  it('ends held polls when the server closes', async () => {
    const tt = await handshake('ch');
    const requested = once(started.app.server, 'request');
    const held = fetch(`${started.url}/v2/subscribe/${key}/ch/0?tt=${tt}`);
    await requested;
    const closing = started.app.close();
    const answer = await held;
    await closing;
    expect(answer.status).toBe(200);
    await restart({});
  });

  it('catches up from an old timetoken, oldest first, at most 100 at a time, as far as 100 messages a channel', async () => {
    const tt = await handshake('a,b');
    for (let at = 0; at < 120; at += 1) await publish('a', at);
    await publish('b', 'last');
    const all = await receive('a,b', tt, 101);
    expect(all).toEqual([...Array.from({ length: 100 }, (_, at) => `a ${at + 20}`), 'b "last"']);
    expect((await subscribe('a,b', `tt=${tt}`)).m).toHaveLength(100);
  });

  it('wakes the held poll that a message is for, and no other', async () => {
    const tt = await handshake('a,b');
    const held = subscribe('a', `tt=${tt}`);
    const other = subscribe('b', `tt=${tt}`);
    await publish('a', 1);
    expect(summarize(await held)).toEqual(['a 1']);
    await publish('b', 2);
    expect(summarize(await other)).toEqual(['b 2']);
  });

  it('ends the poll of a disconnected subscriber without renewing it', async () => {
    const tt = await handshake('ch', 'uuid=u1&heartbeat=20');
    const controller = new AbortController();
    const requested = once(started.app.server, 'request');
    const poll = fetch(`${started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${tt}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    const [, response] = (await requested) as [unknown, { once(event: 'close', then: () => void): void }];
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    controller.abort();
    await gone;
    await closed;
    // Its poll got no reply, so it renewed nothing.
    await started.store.advanceClock(20_000);
    await publish('ch', 1);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });
  });

  it('holds a poll with a timetoken that is ahead, and lets it go on from the present', async () => {
    await restart({ presenceHoldSeconds: 1 });
    const tt = String(BigInt(await handshake('ch')) + 10_000_000_000n);
    await publish('ch', 1);
    const idle = await subscribe('ch', `tt=${tt}`);
    expect(idle.m).toEqual([]);
    expect(BigInt(idle.t.t)).toBeLessThan(BigInt(tt));
    await publish('ch', 2);
    expect(summarize(await subscribe('ch', `tt=${idle.t.t}`))).toEqual(['ch 2']);
  });

  it('reads both of its parameters from one, as one SDK sends them', async () => {
    const t = encodeURIComponent('{"r":0,"t":0}');
    const begin = await subscribe('ch', `t=${t}`);
    await publish('ch', 1);
    const next = encodeURIComponent(`{"r":1,"t":"${begin.t.t}"}`);
    expect(summarize(await subscribe('ch', `t=${next}`))).toEqual(['ch 1']);
  });

  it.each([
    ['tt=x', 400, 'Invalid timetoken'],
    ['t=%7B', 400, 'Invalid timetoken'],
    [`uuid=${'u'.repeat(93)}`, 400, 'Invalid uuid'],
    ['filter-expr=%28', 481, 'Invalid filter expression'],
    [
      `filter-expr=${Array.from({ length: 1_024 }, () => 'data.a').join('%7C%7C')}`,
      400,
      'Filter expression is too large: at most 512 terms',
    ],
  ])('refuses %s', async (query, status, message) => {
    const answer = await inject(`/v2/subscribe/${key}/ch/0?${query}`);
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status, message });
  });

  it('wraps its reply in the callback of its path', async () => {
    expect((await inject(`/v2/subscribe/${key}/ch/cb`)).body).toMatch(/^cb\(\{"t":.*\}\)$/);
    expect((await inject(`/v2/subscribe/${key}/ch/a%3Cb`)).statusCode).toBe(400);
    expect((await inject(`/v2/subscribe/${key}/ch/cb?tt=x`)).body).toMatch(
      /^cb\(\{.*"Invalid timetoken".*\}\)$/,
    );
    expect((await inject(`/publish/p/${key}/0/ch/cb/%7B`)).body).toMatch(
      /^cb\(\[0,"Invalid JSON","\d{17}"\]\)$/,
    );
    expect((await inject(`/publish/p/${key}/0/ch/cb/1`)).body).toMatch(/^cb\(\[1,"Sent","\d{17}"\]\)$/);
  });

  it('has no occupants while presence is off, and presence calls are refused', async () => {
    await restart({ presenceEnabled: false });
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1');
    await publish('ch', 1);
    expect(summarize(await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}`))).toEqual(['ch 1']);
    const answer = await heartbeat('ch', 'uuid=u1');
    expect(answer.statusCode).toBe(402);
    expect(JSON.parse(answer.body)).toEqual({
      status: 402,
      error: 1,
      message:
        'This feature is not turned on for this account. Contact support@pubnub.com to activate this feature.',
      service: 'Presence',
    });
  });

  it('is also served in its first version', async () => {
    const [none, tt] = (await get(`/subscribe/${key}/a/0/0`)) as [unknown[], string];
    expect(none).toEqual([]);
    await publish('a', { n: 1 });
    await publish('a', 2);
    expect(await get(`/subscribe/${key}/a/0/${tt}`)).toEqual([[{ n: 1 }, 2], expect.any(String)]);
    expect(await get(`/subscribe/${key}/a,b/0/${tt}`)).toEqual([[{ n: 1 }, 2], expect.any(String), 'a,a']);
  });
});

describe('presence events', () => {
  it('have the members of the recorded ones', async () => {
    await restart({}, { wallMs: () => 1_757_969_858_404 });
    const tt = await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=david&heartbeat=20');
    await inject(`${root}/channel/ch/uuid/david/data?state=${encodeURIComponent('{"a":1}')}`);
    await started.store.advanceClock(20_000);
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
    await started.store.advanceClock(20_000);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m[1]?.d).toMatchObject({ action: 'timeout', data: {} });
  });

  it('have no second join for reconnecting within the timeout', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(19_000);
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
    expect(await started.store.tenants()).toMatchObject([{ leases: 2, topics: 0 }]);
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
    const requested = once(started.app.server, 'request');
    const poll = fetch(`${started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${mine}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    await requested;
    controller.abort();
    await gone;
    expect(await receive('ch-pnpres', tt, 2)).toEqual(['ch-pnpres join u1 1', 'ch-pnpres leave u1 0']);
  });
});

describe('interval mode', () => {
  const intervalMs = 10_000;
  const busy = async (changes = {}): Promise<void> =>
    restart({ presenceAnnounceMax: 2, ...changes }, { wallMs: () => 1_757_969_850_000 });

  it('sums up a channel above the announce limit once an interval', async () => {
    await busy({ presenceDeltas: true });
    await started.store.advanceClock(1_000);
    const tt = await handshake('ch-pnpres');
    for (const uuid of ['a', 'b', 'c', 'd']) await heartbeat('ch', `uuid=${uuid}&heartbeat=20`);
    await inject(`${root}/channel/ch/leave?uuid=a`);
    await started.store.advanceClock(intervalMs);
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
    await started.store.advanceClock(1_000);
    await heartbeat('ch', 'uuid=a');
    await heartbeat('ch', 'uuid=b');
    const tt = await handshake('ch-pnpres');
    await heartbeat('ch', 'uuid=c');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await inject('/time/0');
    await started.store.advanceClock(intervalMs);
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
    await started.store.thawClock();
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
    await started.store.thawClock();
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
    await started.store.advanceClock(60_000, 'presence/another key');
    await started.store.advanceClock(intervalMs, `presence/${key}`);
    expect((await held).m).toMatchObject([{ d: { action: 'interval', occupancy: 1 } }]);
  });

  it('requests a here now where the lists would be too long', async () => {
    await busy({ presenceDeltas: true, presenceAnnounceMax: 0 });
    await started.store.advanceClock(1_000);
    const tt = await handshake('ch-pnpres');
    for (let at = 0; at < 400; at += 1) await heartbeat('ch', `uuid=${'u'.repeat(88)}${at}`);
    await started.store.advanceClock(intervalMs);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m).toHaveLength(1);
    expect(m[0]?.d).toMatchObject({ action: 'interval', occupancy: 400, here_now_refresh: true });
    expect(m[0]?.d).not.toHaveProperty('join');
  });
});

describe('filters', () => {
  it('work on metadata, on payloads and on presence events', async () => {
    const tt = await handshake('ch,ch-pnpres');
    const meta = encodeURIComponent('{"region":"east","n":5}');
    await publish('ch', { text: 'one' }, `meta=${meta}`);
    await publish('ch', { text: 'two' });
    await heartbeat('ch', 'uuid=u1');
    const receivedBy = (filter: string) =>
      receive('ch,ch-pnpres', tt, 1, `filter-expr=${encodeURIComponent(filter)}`);
    expect(await receivedBy("region == 'east'")).toEqual(['ch {"text":"one"}']);
    expect(await receivedBy("data.text like 'TW*'")).toEqual(['ch {"text":"two"}']);
    expect(await receivedBy("pn_action == 'join'")).toEqual(['ch-pnpres join u1 1']);
  });

  it('parse a message once, however many terms they have', async () => {
    const tt = await handshake('ch');
    for (const n of [1, 2, 3]) await publish('ch', { once: n });
    const parse = vi.spyOn(JSON, 'parse');
    const filter = encodeURIComponent([...Array.from({ length: 500 }, () => 'data.a'), 'true'].join('||'));
    const { m } = await subscribe('ch', `tt=${tt}&filter-expr=${filter}`);
    const parsed = parse.mock.calls.filter(([text]) => text.startsWith('{"once"'));
    parse.mockRestore();
    expect(m.map(({ d }) => d)).toEqual([{ once: 1 }, { once: 2 }, { once: 3 }]);
    expect(parsed).toHaveLength(3);
  });

  it('that cost much are evaluated over several polls, and miss nothing', async () => {
    const tt = await handshake('ch');
    const padding = 'x'.repeat(30_000);
    for (let n = 0; n < 20; n += 1) {
      const answer = await started.app.inject({
        method: 'POST',
        url: `/publish/pub-c-demo/${key}/0/ch/0`,
        payload: JSON.stringify({ n, padding }),
      });
      expect(answer.statusCode).toBe(200);
    }
    const costly = Array.from({ length: 100 }, () => "data.padding like '*y'").join('||');
    const filter = encodeURIComponent(`data.n == 12 || data.n == 19 || ${costly}`);
    let polls = 0;
    const received: unknown[] = [];
    for (let from = tt; received.length < 2; polls += 1) {
      const { t, m } = await subscribe('ch', `tt=${from}&filter-expr=${filter}`);
      expect(BigInt(t.t)).toBeGreaterThan(BigInt(from));
      received.push(...m.map(({ d }) => (d as { readonly n: number }).n));
      from = t.t;
    }
    expect(received).toEqual([12, 19]);
    expect(polls).toBeGreaterThan(2);
  });

  it('that cost too much for one message are refused with the bound', async () => {
    const tt = await handshake('ch');
    const meta = encodeURIComponent(JSON.stringify({ a: 'x'.repeat(30_000) }));
    await publish('ch', 1, `meta=${meta}`);
    const filter = encodeURIComponent(Array.from({ length: 200 }, () => "a like'y'").join('||'));
    const answer = await inject(`/v2/subscribe/${key}/ch/0?tt=${tt}&filter-expr=${filter}`);
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      status: 400,
      error: true,
      message: 'Filter expression is too large: too much work for one message',
      service: 'Subscribe',
    });
  });

  it('may contain a raw && as some SDKs send it', async () => {
    const tt = await handshake('ch');
    await publish('ch', 1, `meta=${encodeURIComponent('{"a":1,"b":1}')}`);
    await publish('ch', 2, `meta=${encodeURIComponent('{"a":1,"b":2}')}`);
    const { m } = await subscribe('ch', `filter-expr=a%3D%3D1&&b%3D%3D2&tt=${tt}&uuid=u1`);
    expect(m.map(({ d }) => d)).toEqual([2]);
  });
});

describe('publish', () => {
  it.each([
    ['metadata that is nested too deep', `meta={"a":${'['.repeat(14_000)}${']'.repeat(14_000)}}`],
    [
      'metadata that is nested too deep in a JSON text',
      `meta="{\\"a\\":${'['.repeat(14_000)}${']'.repeat(14_000)}}"`,
    ],
    [
      'an original timetoken that is nested too deep',
      `ortt={"t":${'['.repeat(14_000)}${']'.repeat(14_000)}}`,
    ],
  ])('refuses %s', async (_what, query) => {
    const answer = await started.app.inject({ url: `/publish/pub/${key}/0/ch/0/1?${query}` });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual([0, 'Invalid JSON', expect.stringMatching(/^\d{17}$/)]);
  });

  it('ignores an original timetoken that has no text', async () => {
    const answer = await started.app.inject({
      url: `/publish/pub/${key}/0/ch/0/1?ortt={"t":{"toString":1,"valueOf":1}}`,
    });
    expect(answer.json()).toEqual([1, 'Sent', expect.any(String)]);
  });

  it('returns its timetoken, and the envelope has every field', async () => {
    const tt = await handshake('ch');
    const query = [
      'uuid=ann%20b',
      `meta=${encodeURIComponent('{"m":1}')}`,
      'seqn=7',
      `ortt=${encodeURIComponent('{"t":"14708625829775958","r":3}')}`,
      'custom_message_type=type-a',
      'space-id=s1',
    ].join('&');
    const sent = await publish('ch', { big: 1 }, query);
    const { m } = await subscribe('ch', `tt=${tt}`);
    expect(m).toEqual([
      {
        a: expect.stringMatching(/^\d$/),
        f: 0,
        i: 'ann b',
        s: 7,
        o: { t: '14708625829775958', r: 3 },
        p: { t: sent, r: 1 },
        k: key,
        c: 'ch',
        u: { m: 1 },
        cmt: 'type-a',
        si: 's1',
        d: { big: 1 },
      },
    ]);
  });

  it('preserves every digit of a payload', async () => {
    const tt = await handshake('ch');
    await inject(`/publish/p/${key}/0/ch/0/${encodeURIComponent('{"n":12345678901234567890.10}')}`);
    expect((await inject(`/v2/subscribe/${key}/ch/0?tt=${tt}`)).body).toContain(
      '"d":{"n":12345678901234567890.10}',
    );
  });

  it('accepts messages with raw slashes', async () => {
    const tt = await handshake('ch');
    expect((await inject(`/publish/p/${key}/0/ch/0/%22ab/cd+e=%22`)).statusCode).toBe(200);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 'ab/cd+e=' }]);
  });

  it.each([
    ['plain', undefined],
    ['deflate', 'deflate'],
    ['gzip', 'gzip'],
  ])('accepts a %s body', async (_, encoding) => {
    const { deflateSync, gzipSync } = await import('node:zlib');
    const tt = await handshake('ch');
    const json = Buffer.from('{"a":"é"}');
    const payload = encoding === 'deflate' ? deflateSync(json) : encoding === 'gzip' ? gzipSync(json) : json;
    const answer = await started.app.inject({
      method: 'POST',
      url: `/publish/p/${key}/0/ch/0?uuid=u`,
      payload,
      headers: {
        'content-type': 'application/json',
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      },
    });
    expect(JSON.parse(answer.body)).toEqual([1, 'Sent', expect.stringMatching(/^\d{17}$/)]);
    expect(answer.headers['access-control-allow-methods']).toBe('POST');
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: { a: 'é' } }]);
  });

  it('of a large message (v2) takes up to 2 MiB from the body, compressed or not, and delivers it with its type', async () => {
    const { deflateSync } = await import('node:zlib');
    const post = async (payload: Buffer, headers: Record<string, string> = {}) => {
      const url = `/v2/publish/p/${key}/0/ch/0?uuid=u&custom_message_type=text`;
      const answer = await started.app.inject({ method: 'POST', url, payload, headers });
      return { status: answer.statusCode, json: answer.json() as unknown };
    };
    const sent = { status: 200, json: [1, 'Sent', expect.stringMatching(/^\d{17}$/)] };
    const tooLarge = { status: 413, json: [0, 'Message Too Large', expect.any(String)] };
    const bytes = (size: number): Buffer => Buffer.from(JSON.stringify('x'.repeat(size - 2)));
    const most = 2 * 1_024 * 1_024;
    const deflate = { 'content-encoding': 'deflate' };
    const tt = await handshake('ch');
    expect(await post(Buffer.from('{"a":1}'))).toEqual(sent);
    expect(await post(bytes(most))).toEqual(sent);
    expect(await post(deflateSync(bytes(most)), deflate)).toEqual(sent);
    const { m } = await subscribe('ch', `tt=${tt}`);
    expect(m.map(({ d }) => (typeof d === 'string' ? d.length : d))).toEqual([{ a: 1 }, most - 2, most - 2]);
    expect(m[0]).toMatchObject({ i: 'u', cmt: 'text', c: 'ch' });
    expect(await post(bytes(most + 1))).toEqual(tooLarge);
    expect(await post(bytes(most * 2))).toEqual(tooLarge);
    expect(await post(deflateSync(bytes(most + 1)), deflate)).toEqual(tooLarge);
    expect(await post(Buffer.from('{'))).toEqual({
      status: 400,
      json: [0, 'Invalid JSON', expect.any(String)],
    });
  });

  it('of a signal marks it, and bounds it to 64 bytes', async () => {
    const tt = await handshake('ch');
    await inject(`/signal/p/${key}/0/ch/0/%22x%22?uuid=u`);
    const [envelope] = (await subscribe('ch', `tt=${tt}`)).m;
    expect(envelope).toMatchObject({ e: 1, i: 'u', d: 'x' });
    expect(envelope).not.toHaveProperty('s');
    const long = await inject(`/signal/p/${key}/0/ch/0/%22${'x'.repeat(63)}%22`);
    expect(long.statusCode).toBe(400);
    expect(JSON.parse(long.body)).toEqual([0, 'Signal size too large', expect.stringMatching(/^\d{17}$/)]);
  });

  it('of a fired message reaches no subscriber', async () => {
    const tt = await handshake('ch');
    await publish('ch', 1, 'store=0&norep=true');
    await publish('ch', 2);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 2 }]);
  });

  it('refuses malformed JSON and large messages, in its own shape', async () => {
    const bad = await inject(`/publish/p/${key}/0/ch/0/%7B`);
    expect(bad.statusCode).toBe(400);
    expect(JSON.parse(bad.body)).toEqual([0, 'Invalid JSON', expect.stringMatching(/^\d{17}$/)]);
    for (const size of [33_000, 70_000]) {
      const large = await started.app.inject({
        method: 'POST',
        url: `/publish/p/${key}/0/ch/0`,
        payload: JSON.stringify('x'.repeat(size)),
      });
      expect(large.statusCode).toBe(413);
      expect(JSON.parse(large.body)).toEqual([0, 'Message Too Large', expect.any(String)]);
    }
    const { deflateSync } = await import('node:zlib');
    const bomb = await started.app.inject({
      method: 'POST',
      url: `/publish/p/${key}/0/ch/0`,
      payload: deflateSync(Buffer.alloc(10_000_000, 0x20)),
      headers: { 'content-encoding': 'deflate' },
    });
    expect(bomb.statusCode).toBe(413);
  });

  it('is counted since a timetoken, unless it is not to be stored', async () => {
    const first = await publish('a', 1);
    await publish('a', 2, 'store=0');
    const last = await publish('a', 3);
    const counts = (query: string) =>
      get(`/v3/history/sub-key/${key}/message-counts/a,b?${query}`) as Promise<{ channels: unknown }>;
    expect(await counts(`timetoken=${first}`)).toEqual({
      status: 200,
      error: false,
      error_message: '',
      channels: { a: 2, b: 0 },
    });
    expect((await counts(`channelsTimetoken=${last},${last}`)).channels).toEqual({ a: 1, b: 0 });
    expect((await inject(`/v3/history/sub-key/${key}/message-counts/a?timetoken=x`)).statusCode).toBe(400);
  });
});
