import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

const key = 'sub-c-demo';
const root = `/v2/presence/sub-key/${key}`;

interface Envelope {
  readonly c: string;
  readonly b?: string;
  readonly d: unknown;
  readonly p: { readonly t: string; readonly r: number };
  readonly u?: Record<string, unknown>;
}
interface Heard {
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
const subscribe = async (channels: string, query = ''): Promise<Heard> =>
  (await get(`/v2/subscribe/${key}/${channels}/0?${query}`)) as Heard;
const handshake = async (channels: string, query = ''): Promise<string> =>
  (await subscribe(channels, query)).t.t;
const publish = async (channel: string, message: unknown, query = ''): Promise<string> => {
  const json = encodeURIComponent(JSON.stringify(message));
  const answer = (await get(`/publish/pub-c-demo/${key}/0/${channel}/0/${json}?${query}`)) as unknown[];
  expect(answer.slice(0, 2)).toEqual([1, 'Sent']);
  return String(answer[2]);
};
const beat = (channels: string, query: string) => inject(`${root}/channel/${channels}/heartbeat?${query}`);
/** What a subscriber gets, short: channel, name it came through, payload. */
const said = ({ m }: Heard): string[] =>
  m.map(({ c, b, d }) => {
    const { action, uuid, occupancy } = d as { action?: string; uuid?: string; occupancy?: number };
    const payload = action === undefined ? JSON.stringify(d) : `${action} ${uuid} ${occupancy}`;
    return [c, ...(b === undefined || b === c ? [] : [`via ${b}`]), payload].join(' ');
  });
/** Polls until something was heard, from a timetoken on, so many times. */
const hear = async (channels: string, from: string, count: number, query = ''): Promise<string[]> => {
  const all: string[] = [];
  for (let tt = from; all.length < count; ) {
    const answer = await subscribe(channels, `tt=${tt}&tr=1&${query}`);
    all.push(...said(answer));
    tt = answer.t.t;
  }
  return all;
};

describe('subscribe', () => {
  it('answers at once where to begin, in a region that is not 0, with the headers of the real service', async () => {
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

  it('lets a subscriber see its own join, after the timetoken that it was given', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const answer = await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}&tr=1`);
    expect(said(answer)).toEqual(['ch-pnpres join u1 1']);
    expect(BigInt(answer.m[0]?.p.t ?? 0) > BigInt(tt)).toBe(true);
    expect(answer.t.t).toBe(answer.m[0]?.p.t);
  });

  it('is a heartbeat when it is answered, for its channels and those of its groups, not for companions', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x,y`);
    await handshake('a,b-pnpres', 'uuid=u1&heartbeat=20&channel-group=g,g-pnpres');
    expect(await get(`${root}/uuid/u1`)).toMatchObject({ payload: { channels: ['a', 'x', 'y'] } });
  });

  it('renews nothing while it is held, and hears of its own timeout', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const joined = (await subscribe('ch,ch-pnpres', `uuid=u1&heartbeat=20&tt=${tt}`)).t.t;
    const held = subscribe('ch,ch-pnpres', `uuid=u1&heartbeat=20&tt=${joined}`);
    await started.store.advanceClock(20_000);
    expect(said(await held)).toEqual(['ch-pnpres timeout u1 0']);
  });

  it('does not bring back whom a leave took away while it was held, but whom a timeout did', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    const joined = (await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}`)).t.t;
    const held = subscribe('ch,ch-pnpres', `uuid=u1&tt=${joined}`);
    await inject(`${root}/uuid/u1`);
    await inject(`${root}/channel/ch/leave?uuid=u1`);
    expect(said(await held)).toEqual(['ch-pnpres leave u1 0']);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });

    const again = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(20_000);
    await subscribe('ch,ch-pnpres', `uuid=u1&tt=${again}`);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 1 } });
  });

  it('counts nobody without a uuid', async () => {
    await handshake('ch');
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });
  });

  it('sets the state that comes with it, so that the join tells of it', async () => {
    const tt = await handshake('ch-pnpres');
    const state = encodeURIComponent('{"ch":{"mood":"ok"}}');
    await handshake('ch', `uuid=u1&state=${state}`);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m).toMatchObject([{ d: { action: 'join', data: { mood: 'ok' } } }]);
  });

  it('answers an idle poll with the timetoken it was asked with', async () => {
    await restart({ presenceHoldSeconds: 1 });
    const tt = await handshake('ch');
    expect(await subscribe('ch', `tt=${tt}&tr=1`)).toEqual({ t: { t: tt, r: 1 }, m: [] });
  });

  it('ends held polls when the server closes', async () => {
    const tt = await handshake('ch');
    const asked = once(started.app.server, 'request');
    const held = fetch(`${started.url}/v2/subscribe/${key}/ch/0?tt=${tt}`);
    await asked;
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
    const all = await hear('a,b', tt, 101);
    expect(all).toEqual([...Array.from({ length: 100 }, (_, at) => `a ${at + 20}`), 'b "last"']);
    expect((await subscribe('a,b', `tt=${tt}`)).m).toHaveLength(100);
  });

  it('wakes a held poll by what is published, and no other', async () => {
    const tt = await handshake('a,b');
    const held = subscribe('a', `tt=${tt}`);
    const other = subscribe('b', `tt=${tt}`);
    await publish('a', 1);
    expect(said(await held)).toEqual(['a 1']);
    await publish('b', 2);
    expect(said(await other)).toEqual(['b 2']);
  });

  it('forgets a subscriber that went away', async () => {
    const tt = await handshake('ch', 'uuid=u1&heartbeat=20');
    const controller = new AbortController();
    const asked = once(started.app.server, 'request');
    const poll = fetch(`${started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${tt}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    const [, response] = (await asked) as [unknown, { once(event: 'close', then: () => void): void }];
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    controller.abort();
    await gone;
    await closed;
    // Its poll was not answered, so it was no heartbeat.
    await started.store.advanceClock(20_000);
    await publish('ch', 1);
    expect(await get(root)).toMatchObject({ payload: { total_occupancy: 0 } });
  });

  it('waits with a timetoken from the future', async () => {
    await restart({ presenceHoldSeconds: 1 });
    const tt = String(BigInt(await handshake('ch')) + 10_000_000_000n);
    await publish('ch', 1);
    expect(await subscribe('ch', `tt=${tt}`)).toEqual({ t: { t: tt, r: 1 }, m: [] });
  });

  it('reads both of its parameters from one, as one SDK sends them', async () => {
    const t = encodeURIComponent('{"r":0,"t":0}');
    const begin = await subscribe('ch', `t=${t}`);
    await publish('ch', 1);
    const next = encodeURIComponent(`{"r":1,"t":"${begin.t.t}"}`);
    expect(said(await subscribe('ch', `t=${next}`))).toEqual(['ch 1']);
  });

  it.each([
    ['tt=x', 400, 'Invalid timetoken'],
    ['t=%7B', 400, 'Invalid timetoken'],
    [`uuid=${'u'.repeat(93)}`, 400, 'Invalid uuid'],
    ['filter-expr=%28', 481, 'Invalid filter expression'],
  ])('refuses %s', async (query, status, message) => {
    const answer = await inject(`/v2/subscribe/${key}/ch/0?${query}`);
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status, message });
  });

  it('wraps its answer in the callback of its path', async () => {
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

  it('counts nobody where presence is not turned on, and presence calls say so', async () => {
    await restart({ presenceEnabled: false });
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1');
    await publish('ch', 1);
    expect(said(await subscribe('ch,ch-pnpres', `uuid=u1&tt=${tt}`))).toEqual(['ch 1']);
    const answer = await beat('ch', 'uuid=u1');
    expect(answer.statusCode).toBe(402);
    expect(JSON.parse(answer.body)).toEqual({
      status: 402,
      error: 1,
      message:
        'This feature is not turned on for this account. Contact support@pubnub.com to activate this feature.',
      service: 'Presence',
    });
  });

  it('is also there in its first version', async () => {
    const [none, tt] = (await get(`/subscribe/${key}/a/0/0`)) as [unknown[], string];
    expect(none).toEqual([]);
    await publish('a', { n: 1 });
    await publish('a', 2);
    expect(await get(`/subscribe/${key}/a/0/${tt}`)).toEqual([[{ n: 1 }, 2], expect.any(String)]);
    expect(await get(`/subscribe/${key}/a,b/0/${tt}`)).toEqual([[{ n: 1 }, 2], expect.any(String), 'a,a']);
  });
});

describe('presence events', () => {
  it('say what recordings say', async () => {
    await restart({}, { wallMs: () => 1_757_969_858_404 });
    const tt = await handshake('ch-pnpres');
    await beat('ch', 'uuid=david&heartbeat=20');
    await inject(`${root}/channel/ch/uuid/david/data?state=${encodeURIComponent('{"a":1}')}`);
    await started.store.advanceClock(20_000);
    await beat('ch', 'uuid=david');
    await inject(`${root}/channel/ch/leave?uuid=david`);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    const at = { timestamp: 1_757_969_858, precise_timestamp: 1_757_969_858_404, uuid: 'david' };
    expect(m.map(({ d }) => d)).toEqual([
      { action: 'join', ...at, occupancy: 1 },
      { action: 'state-change', ...at, data: { a: 1 }, occupancy: 1 },
      { action: 'timeout', ...at, data: { a: 1 }, occupancy: 0 },
      { action: 'join', ...at, occupancy: 1 },
      { action: 'leave', ...at, occupancy: 0 },
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

  it('a timeout says so also when there was no state', async () => {
    const tt = await handshake('ch-pnpres');
    await beat('ch', 'uuid=u&heartbeat=20');
    await started.store.advanceClock(20_000);
    const { m } = await subscribe('ch-pnpres', `tt=${tt}`);
    expect(m[1]?.d).toMatchObject({ action: 'timeout', data: {} });
  });

  it('reconnecting within the timeout joins nobody again', async () => {
    const tt = await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await started.store.advanceClock(19_000);
    await handshake('ch,ch-pnpres', 'uuid=u1&heartbeat=20');
    await beat('ch', 'uuid=u2');
    expect(await hear('ch-pnpres', tt, 2)).toEqual(['ch-pnpres join u1 1', 'ch-pnpres join u2 2']);
  });

  it('tell of one occupant where a uuid is on two devices, which leaves with either and joins again', async () => {
    const tt = await handshake('ch-pnpres');
    await handshake('ch', 'uuid=u1&heartbeat=20');
    await handshake('ch', 'uuid=u1&heartbeat=20');
    await inject(`${root}/channel/ch/leave?uuid=u1`);
    await beat('ch', 'uuid=u1&heartbeat=20');
    expect(await hear('ch-pnpres', tt, 3)).toEqual([
      'ch-pnpres join u1 1',
      'ch-pnpres leave u1 0',
      'ch-pnpres join u1 1',
    ]);
  });

  it('come through groups by the name of the group', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x`);
    const tt = await handshake(',', 'channel-group=g%2Cg-pnpres&uuid=u1');
    await publish('x', 'hi');
    expect(await hear(',', tt, 2, 'channel-group=g,g-pnpres')).toEqual([
      'x-pnpres via g-pnpres join u1 1',
      'x via g "hi"',
    ]);
  });

  it('a channel that is added to a group is heard by polls that are held already', async () => {
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=x`);
    const tt = await handshake(',', 'channel-group=g');
    const held = subscribe(',', `channel-group=g&tt=${tt}`);
    await inject(`/v1/channel-registration/sub-key/${key}/channel-group/g?add=y`);
    await publish('y', 1);
    expect(said(await held)).toEqual(['y via g 1']);
  });

  it('of all channels below a pattern come through the pattern, its own included', async () => {
    const tt = await handshake('foo.*', 'uuid=u1');
    await beat('foo.x', 'uuid=u2');
    await publish('foo.x', 1);
    await publish('foo.x.y', 2);
    await publish('other', 3);
    await inject(`${root}/channel/foo.x/leave?uuid=u2`);
    expect(await hear('foo.*', tt, 5)).toEqual([
      'foo.*-pnpres via foo.* join u1 1',
      'foo.x-pnpres via foo.* join u2 1',
      'foo.x via foo.* 1',
      'foo.x.y via foo.* 2',
      'foo.x-pnpres via foo.* leave u2 0',
    ]);
    const both = await hear('foo.x,foo.x-pnpres,foo.*,foo.*-pnpres', tt, 5);
    expect(both).toEqual([
      'foo.*-pnpres join u1 1',
      'foo.x-pnpres join u2 1',
      'foo.x 1',
      'foo.x.y via foo.* 2',
      'foo.x-pnpres leave u2 0',
    ]);
  });

  it('a state set for somebody absent reaches subscribers of a pattern too', async () => {
    const tt = await handshake('foo.*');
    await inject(`${root}/channel/foo.x/uuid/u9/data?state=%7B%22a%22%3A1%7D`);
    expect(await hear('foo.*', tt, 1)).toEqual(['foo.x-pnpres via foo.* state-change u9 0']);
  });

  it('say through which name they came, unless the request names just that', async () => {
    const tt = await handshake('ch,ch-pnpres');
    await beat('ch', 'uuid=u1');
    const [direct] = (await subscribe('ch,ch-pnpres', `tt=${tt}`)).m;
    expect(direct?.b).toBe('ch-pnpres');
    const [only] = (await subscribe('ch-pnpres', `tt=${tt}`)).m;
    expect(only && 'b' in only).toBe(false);
  });

  it('leave on disconnect only where it is switched on', async () => {
    await restart({ presenceLeaveOnDisconnect: true });
    const tt = await handshake('ch-pnpres');
    const mine = await handshake('ch', 'uuid=u1');
    const controller = new AbortController();
    const asked = once(started.app.server, 'request');
    const poll = fetch(`${started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${mine}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    await asked;
    controller.abort();
    await gone;
    expect(await hear('ch-pnpres', tt, 2)).toEqual(['ch-pnpres join u1 1', 'ch-pnpres leave u1 0']);
  });
});

describe('interval mode', () => {
  const intervalMs = 10_000;
  let wallMs = 0;
  const busy = async (changes = {}): Promise<void> => {
    wallMs = 1_757_969_850_000;
    await restart({ presenceAnnounceMax: 2, ...changes }, { wallMs: () => wallMs });
  };

  it('tells of a channel above the announce limit once an interval', async () => {
    await busy({ presenceDeltas: true });
    wallMs += 1_000;
    const tt = await handshake('ch-pnpres');
    for (const uuid of ['a', 'b', 'c', 'd']) await beat('ch', `uuid=${uuid}&heartbeat=20`);
    await inject(`${root}/channel/ch/leave?uuid=a`);
    wallMs += intervalMs;
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

  it('says nothing of an interval that is not over, and lists nobody unless deltas are on', async () => {
    await busy();
    wallMs += 1_000;
    await beat('ch', 'uuid=a');
    await beat('ch', 'uuid=b');
    const tt = await handshake('ch-pnpres');
    await beat('ch', 'uuid=c');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await inject('/time/0');
    wallMs += intervalMs;
    // A change of state is told at once, and wakes the poll.
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

  it('ends with the interval, for a poll that is held', async () => {
    await restart({ presenceAnnounceMax: 0, presenceIntervalSeconds: 1 });
    const tt = await handshake('ch-pnpres');
    const held = subscribe('ch-pnpres', `tt=${tt}`);
    await beat('ch', 'uuid=a');
    expect((await held).m).toMatchObject([{ d: { action: 'interval', occupancy: 1 } }]);
  });

  it('asks for a here now where the lists would be too long', async () => {
    await busy({ presenceDeltas: true, presenceAnnounceMax: 0 });
    wallMs += 1_000;
    const tt = await handshake('ch-pnpres');
    for (let at = 0; at < 400; at += 1) await beat('ch', `uuid=${'u'.repeat(88)}${at}`);
    wallMs += intervalMs;
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
    await beat('ch', 'uuid=u1');
    const heard = (filter: string) =>
      hear('ch,ch-pnpres', tt, 1, `filter-expr=${encodeURIComponent(filter)}`);
    expect(await heard("region == 'east'")).toEqual(['ch {"text":"one"}']);
    expect(await heard("data.text like 'TW*'")).toEqual(['ch {"text":"two"}']);
    expect(await heard("pn_action == 'join'")).toEqual(['ch-pnpres join u1 1']);
  });

  it('may hold a raw && as some SDKs send it', async () => {
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

  it('passes over an original timetoken that has no text', async () => {
    const answer = await started.app.inject({
      url: `/publish/pub/${key}/0/ch/0/1?ortt={"t":{"toString":1,"valueOf":1}}`,
    });
    expect(answer.json()).toEqual([1, 'Sent', expect.any(String)]);
  });

  it('answers its timetoken, and the envelope has every field', async () => {
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

  it('keeps every digit of a payload', async () => {
    const tt = await handshake('ch');
    await inject(`/publish/p/${key}/0/ch/0/${encodeURIComponent('{"n":12345678901234567890.10}')}`);
    expect((await inject(`/v2/subscribe/${key}/ch/0?tt=${tt}`)).body).toContain(
      '"d":{"n":12345678901234567890.10}',
    );
  });

  it('takes messages with raw slashes', async () => {
    const tt = await handshake('ch');
    expect((await inject(`/publish/p/${key}/0/ch/0/%22ab/cd+e=%22`)).statusCode).toBe(200);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 'ab/cd+e=' }]);
  });

  it.each([
    ['plain', undefined],
    ['deflate', 'deflate'],
    ['gzip', 'gzip'],
  ])('takes a %s body', async (_, encoding) => {
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

  it('of a fired message reaches nobody', async () => {
    const tt = await handshake('ch');
    await publish('ch', 1, 'store=0&norep=true');
    await publish('ch', 2);
    expect((await subscribe('ch', `tt=${tt}`)).m).toMatchObject([{ d: 2 }]);
  });

  it('refuses what is no JSON or too large, in its own shape', async () => {
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

  it('is counted since a timetoken, unless it was not to be stored', async () => {
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
