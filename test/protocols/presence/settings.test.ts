/** Settings beside the defaults: presence on some channels only, polls that renew, a rate limit. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { selectPresenceChannels } from '../../../src/protocols/presence/membership/presence-channels.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

const key = 'sub-c-demo';
const root = `/v2/presence/sub-key/${key}`;

let started: StartedApp;
const start = async (changes: Parameters<typeof startApp>[0]): Promise<void> => {
  started = await startApp(changes);
  await started.store.freezeClock(true);
};
afterEach(async () => {
  vi.useRealTimers();
  await started?.close();
});

const inject = (url: string) => started.app.inject({ method: 'GET', url });
const get = async (url: string): Promise<Record<string, unknown>> => {
  const answer = await inject(url);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
};
const subscribe = async (channels: string, query: string) =>
  (await get(`/v2/subscribe/${key}/${channels}/0?${query}`)) as {
    t: { t: string };
    m: { c: string; d: { action?: string; uuid?: string } }[];
  };
const whereNow = async (uuid: string): Promise<unknown> =>
  ((await get(`${root}/uuid/${uuid}`)).payload as { channels: string[] }).channels;

describe('PRESENCE_CHANNELS', () => {
  it('selects by name and by pattern, the pattern itself included', () => {
    const selects = selectPresenceChannels(['lobby', 'chat.*', 'a.b.c.d.*']);
    const names = [
      'lobby',
      'lobby2',
      'chat.',
      'chat.x',
      'chat.x.y',
      'chat.*',
      'chat',
      'a.b.c.d.e',
      'a.b.c.x',
      '__proto__',
    ];
    expect(names.filter((name) => selects?.(name))).toEqual([
      'lobby',
      'chat.',
      'chat.x',
      'chat.x.y',
      'chat.*',
      'a.b.c.d.e',
    ]);
    expect(selectPresenceChannels([])).toBeUndefined();
  });

  it('has no occupants on other channels, while heartbeat and subscribe succeed there', async () => {
    await start({ presenceChannels: ['lobby', 'chat.*'] });
    await get(`${root}/channel/lobby,chat.x,other/heartbeat?uuid=u1`);
    await subscribe('lobby,elsewhere', 'uuid=u2');
    expect(await get(root)).toMatchObject({
      payload: {
        channels: { lobby: { occupancy: 2 }, 'chat.x': { occupancy: 1 } },
        total_channels: 2,
        total_occupancy: 3,
      },
    });
    expect(await whereNow('u1')).toEqual(['chat.x', 'lobby']);
    expect(await get(`${root}/channel/other`)).toMatchObject({ uuids: [], occupancy: 0 });
    expect(await get(`${root}/channel/other/leave?uuid=u1`)).toMatchObject({ action: 'leave' });
  });

  it('sends presence events of selected channels only, and messages of all', async () => {
    await start({ presenceChannels: ['lobby'] });
    const { t } = await subscribe('lobby-pnpres,other,other-pnpres', 'uuid=watcher');
    await get(`${root}/channel/other,lobby/heartbeat?uuid=u1`);
    await get(`${root}/channel/other/uuid/u1/data?state=${encodeURIComponent('{"a":1}')}`);
    await inject(`/publish/p/${key}/0/other/0/1`);
    const received = await subscribe('lobby-pnpres,other,other-pnpres', `uuid=watcher&tt=${t.t}`);
    expect(received.m.map(({ c, d }) => [c, d.action ?? d])).toEqual([
      ['lobby-pnpres', 'join'],
      ['other', 1],
    ]);
  });

  it('stores no state on channels without presence', async () => {
    await start({ presenceChannels: ['lobby'] });
    const state = encodeURIComponent('{"a":1}');
    expect(await get(`${root}/channel/other,lobby/uuid/u1/data?state=${state}`)).toMatchObject({
      payload: { a: 1 },
    });
    expect(await get(`${root}/channel/other,lobby/uuid/u1`)).toMatchObject({
      payload: { channels: { other: {}, lobby: { a: 1 } } },
    });
  });
});

describe('PRESENCE_RENEW_WHILE_HELD', () => {
  const timeoutMs = 1_000;
  const eventually = { timeout: 10_000 };
  const remaining = async (uuid: string): Promise<number> => {
    const lease = await started.store.read({ tenant: `presence/${key}`, group: 'ch', holder: uuid });
    return lease?.remainingMs ?? 0;
  };
  /** Advances the lease clock by most of a timeout. */
  const age = async (): Promise<void> => {
    await started.store.advanceClock(timeoutMs * 0.9);
  };
  const hold = async (uuid: string, controller: AbortController): Promise<void> => {
    const { t } = await subscribe('ch', `uuid=${uuid}&heartbeat=1`);
    const url = `${started.url}/v2/subscribe/${key}/ch/0?uuid=${uuid}&heartbeat=1&tt=${t.t}`;
    await age();
    void fetch(url, { signal: controller.signal }).catch(() => {});
  };

  it('keeps a uuid present while its poll is held, and no longer', async () => {
    await start({ presenceRenewWhileHeld: true });
    const { t } = await subscribe('ch-pnpres', 'uuid=watcher');
    const controller = new AbortController();
    await hold('u1', controller);
    for (let beats = 0; beats < 3; beats += 1) {
      await vi.waitFor(async () => expect(await remaining('u1')).toBe(timeoutMs), eventually);
      await age();
    }
    controller.abort();
    await vi.waitFor(async () => {
      await started.store.advanceClock(timeoutMs);
      expect(await remaining('u1')).toBe(0);
    }, eventually);
    const { m } = await subscribe('ch-pnpres', `uuid=watcher&tt=${t.t}`);
    expect(m.slice(0, 2).map(({ d }) => `${d.action} ${d.uuid}`)).toEqual(['join u1', 'timeout u1']);
  });

  it('does not bring back a uuid that leaves while its poll is still held', async () => {
    await start({ presenceRenewWhileHeld: true });
    const controller = new AbortController();
    await hold('u1', controller);
    await vi.waitFor(async () => expect(await remaining('u1')).toBe(timeoutMs), eventually);
    await get(`${root}/channel/ch/leave?uuid=u1`);
    // The polls of another uuid are renewed after it, so its own turn has come too.
    await hold('u2', controller);
    for (let beats = 0; beats < 3; beats += 1) {
      await vi.waitFor(async () => expect(await remaining('u2')).toBe(timeoutMs), eventually);
      await age();
    }
    expect(await whereNow('u1')).toEqual([]);
    controller.abort();
  });

  it('refuses a poll with an invalid state as usual, and keeps serving', async () => {
    await start({ presenceRenewWhileHeld: true, presenceHoldSeconds: 1 });
    const { t } = await subscribe('ch', 'uuid=u1');
    const state = encodeURIComponent('{"ch":5}');
    const refused = await inject(`/v2/subscribe/${key}/ch/0?uuid=u1&tt=${t.t}&state=${state}`);
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ message: 'Invalid JSON specified.' });
    expect(await whereNow('u1')).toEqual(['ch']);
  });

  it('is off by default, as with the real service', async () => {
    await start({});
    const controller = new AbortController();
    const requested = new Promise((resolve) => started.app.server.once('request', resolve));
    await hold('u1', controller);
    await requested;
    await started.store.advanceClock(timeoutMs * 0.2);
    expect(await whereNow('u1')).toEqual([]);
    controller.abort();
  });
});

describe('PRESENCE_REQUESTS_PER_SECOND', () => {
  const heartbeat = (uuid: string, more = '') => inject(`${root}/channel/ch/heartbeat?uuid=${uuid}${more}`);

  it('refuses a uuid beyond the limit with 429 and the seconds to wait, until the second is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start({ presenceRequestsPerSecond: 2 });
    expect((await heartbeat('u1')).statusCode).toBe(200);
    expect((await inject(`/v2/subscribe/${key}/ch/0?uuid=u1`)).statusCode).toBe(200);
    const refused = await heartbeat('u1');
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({ 'retry-after': '1', server: 'Pubnub Presence' });
    expect(refused.headers['x-ratelimit-limit']).toBeUndefined();
    expect(refused.json()).toEqual({
      status: 429,
      error: 1,
      message: 'Too Many Requests',
      service: 'Presence',
    });
    expect((await heartbeat('u2')).statusCode).toBe(200);
    expect((await inject(`/v2/presence/sub-key/another/channel/ch/heartbeat?uuid=u1`)).statusCode).toBe(200);
    vi.setSystemTime(Date.now() + 1_000);
    expect((await heartbeat('u1')).statusCode).toBe(200);
  });

  it('counts requests without a uuid by their address, and wraps the error in a JSONP callback', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start({ presenceRequestsPerSecond: 1 });
    expect((await inject(`${root}/channel/ch`)).statusCode).toBe(200);
    expect((await inject(`${root}?callback=cb`)).body).toMatch(/^cb\(\{"status":429,/);
  });
});
