/** What a subscribe returns, when it is held, and what it does to the presence of its uuid. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { key, root, subscribeFixture, summarize } from './subscriber.ts';

const fixture = subscribeFixture();
const { restart, inject, get, subscribe, handshake, publish, heartbeat, receive } = fixture;

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
    await fixture.started.store.advanceClock(20_000);
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
    await fixture.started.store.advanceClock(20_000);
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
    await fixture.started.store.advanceClock(20_000);
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
    const requested = once(fixture.started.app.server, 'request');
    const held = fetch(`${fixture.started.url}/v2/subscribe/${key}/ch/0?tt=${tt}`);
    await requested;
    const closing = fixture.started.app.close();
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
    const requested = once(fixture.started.app.server, 'request');
    const poll = fetch(`${fixture.started.url}/v2/subscribe/${key}/ch/0?uuid=u1&tt=${tt}`, {
      signal: controller.signal,
    });
    const gone = expect(poll).rejects.toThrow();
    const [, response] = (await requested) as [unknown, { once(event: 'close', then: () => void): void }];
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    controller.abort();
    await gone;
    await closed;
    // Its poll got no reply, so it renewed nothing.
    await fixture.started.store.advanceClock(20_000);
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
