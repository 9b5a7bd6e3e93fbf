import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import type { FastifyReply } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect as connectClient } from '../../../src/client/connect.ts';
import { makeEvents, type OperatorEvent } from '../../../src/operator/events/events.ts';
import { stream } from '../../../src/operator/events/stream.ts';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({}, { protocols: [beacon] });
});
afterEach(() => started.close());

const post = (path: string, payload?: object) =>
  started.app.inject({
    method: 'POST',
    url: `/_heartbeatd${path}`,
    ...(payload === undefined ? {} : { payload }),
  });
const light = (ship: string) =>
  started.app.inject({ method: 'PUT', url: `/beacon/north/${ship}`, payload: '{"course":1}' });

/** Reads a stream as NDJSON, event by event. */
async function* follow(query = '', headers: Record<string, string> = {}): AsyncGenerator<OperatorEvent> {
  const reply = await fetch(`${started.url}/_heartbeatd/events${query}`, {
    headers: { accept: 'application/x-ndjson', ...headers },
  });
  let text = '';
  for await (const chunk of reply.body ?? []) {
    text += Buffer.from(chunk).toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as OperatorEvent;
  }
}

async function take(events: AsyncGenerator<OperatorEvent>, count: number): Promise<OperatorEvent[]> {
  const taken: OperatorEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

describe('the stream of events', () => {
  it('tells of grants, requests, expiries and the clock, in order', async () => {
    await light('ada');
    await post('/clock', { advanceMs: 30_000 });
    const events = await take(follow('?since=0'), 4);
    expect(events.map(({ seq, type, holder }) => [seq, type, holder])).toEqual([
      [1, 'lease.granted', 'ada'],
      [2, 'request', 'ada'],
      [3, 'lease.expired', 'ada'],
      [4, 'clock.moved', undefined],
    ]);
    expect(events[1]).toMatchObject({ operation: 'LightBeacon', status: 200, state: 'answered', entry: 1 });
  });

  it('begins with what is new, and resumes from the last event that was seen', async () => {
    await light('ada');
    const first = take(follow('?type=lease.*'), 1);
    const resumed = take(follow('', { 'last-event-id': '1' }), 1);
    expect(await resumed).toMatchObject([{ seq: 2, type: 'request' }]);
    await expect.poll(() => light('bob').then(() => true)).toBe(true);
    expect(await first).toMatchObject([{ type: 'lease.granted' }]);
  });

  it('sends only what a selector names', async () => {
    await light('ada');
    await light('bob');
    expect(await take(follow('?since=0&type=lease.*&holder=bob'), 1)).toMatchObject([
      { type: 'lease.granted', holder: 'bob' },
    ]);
  });

  it('tells of renewals to those who name them, and to no others', async () => {
    await light('ada');
    const watch = async (selector: { type?: string }, count: number) => {
      const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
      const events = connectClient(started.url).events(selector, { onOpen });
      const taken = take(events, count);
      await opened;
      return { taken };
    };
    const renewals = await watch({ type: 'lease.renewed' }, 1);
    const all = await watch({}, 3);
    await light('ada');
    await light('bob');
    expect(await renewals.taken).toMatchObject([
      { type: 'lease.renewed', protocol: 'beacon', tenant: 'beacon/sea', group: 'north', holder: 'ada' },
    ]);
    expect((await all.taken).map(({ type }) => type)).toEqual(['request', 'lease.granted', 'request']);
  });

  it('is server-sent events unless NDJSON is accepted', async () => {
    await light('ada');
    const abort = new AbortController();
    const reply = await fetch(`${started.url}/_heartbeatd/events?since=0&type=request`, {
      signal: abort.signal,
    });
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    const { value } = (await reply.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toMatch(/^id: 2\nevent: request\ndata: \{"seq":2,.*\}\n\n$/);
    abort.abort();
  });

  it('ends when the server stops', async () => {
    await light('ada');
    const seen: string[] = [];
    const whole = (async () => {
      for await (const { type } of follow('?since=0')) seen.push(type);
      return seen;
    })();
    await expect.poll(() => seen.length).toBe(2);
    await started.app.close();
    expect(await whole).toEqual(['lease.granted', 'request']);
  });

  it('says so where events were dropped before they could be sent', async () => {
    const events = makeEvents(() => 0, { max: 2 });
    for (let n = 1; n <= 4; n += 1) events.append({ type: 'x' });
    const written: string[] = [];
    const end = new AbortController();
    const { reply } = fakeReply(written);
    const over = stream(reply, events, { format: 'ndjson', after: 1, isSelected: () => true }, end.signal);
    end.abort();
    await over;
    expect(written.map((line) => JSON.parse(line)).map(({ type, seq }) => [type, seq])).toEqual([
      ['gap', 2],
      ['x', 3],
      ['x', 4],
    ]);
  });
});

/** A reply that keeps what is written, one event a line. */
function fakeReply(written: string[]): { reply: FastifyReply } {
  const raw = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead() {},
    flushHeaders() {},
    write: (text: string) => written.push(...text.split('\n').filter((line) => line !== '')),
    end() {},
  });
  return { reply: { raw, hijack() {} } as unknown as FastifyReply };
}

it('events are selected by their members, in streams and to end an advance', async () => {
  await started.store.freezeClock();
  await light('ada');
  await light('bob');
  const body = encodeURIComponent(JSON.stringify({ entry: 2 }));
  expect(await take(follow(`?since=0&type=request&body=${body}`), 1)).toMatchObject([{ holder: 'bob' }]);
  const ends = async (count: number) =>
    (await post('/clock', { advance: '40s', until: { type: 'lease.expired', body: { count } } })).json();
  expect(await ends(-1)).toMatchObject({ advancedMs: 40_000 });
  await light('ada');
  const { advancedMs, fired } = await ends(0);
  expect([advancedMs, fired]).toMatchObject([30_000, [{ holder: 'ada' }]]);
});

describe('assertions on events', () => {
  it('wait for an expiry', async () => {
    await light('ada');
    const verdict = post('/verify', {
      of: 'events',
      match: { type: 'lease.expired', holder: 'ada' },
      within: '30s',
    });
    await post('/clock', { advanceMs: 30_000 });
    expect((await verdict).json()).toMatchObject({ satisfied: true, count: 1 });
  });

  it('wait for a renewal, and do not claim that there was none before they were asked', async () => {
    await light('ada');
    await light('ada');
    const match = { type: 'lease.renewed', holder: 'ada' };
    const none = await post('/verify', { of: 'events', match, times: { exactly: 0 } });
    expect([none.statusCode, none.json()]).toMatchObject([422, { count: 0, complete: false }]);
    const verdict = post('/verify', { of: 'events', match, within: '30s' });
    let isOver = false;
    void verdict.then(() => {
      isOver = true;
    });
    await expect.poll(() => light('ada').then(() => isOver)).toBe(true);
    expect((await verdict).json()).toMatchObject({ satisfied: true });
  });
});

it('a reset leaves a clean slate: no fault, no journal entry, and a running clock', async () => {
  await light('ada');
  await post('/faults', { do: { status: 500 } });
  await post('/clock', { freeze: true });
  expect((await post('/reset')).json()).toMatchObject({ tenants: ['beacon/sea'] });
  expect((await light('ada')).statusCode).toBe(200);
  const get = async (path: string) => (await started.app.inject(`/_heartbeatd${path}`)).json();
  expect((await get('/clock')).frozen).toBe(false);
  expect((await get('/journal')).entries).toHaveLength(1);
});

it('events beyond the bound are dropped, oldest first, and reading says so', () => {
  const events = makeEvents(() => 0, { max: 10 });
  for (let n = 0; n < 100; n += 1) events.append({ type: 'x', n });
  expect(events.newest).toBe(100);
  expect(events.droppedThrough).toBeGreaterThanOrEqual(80);
  expect(events.droppedThrough).toBeLessThanOrEqual(90);
  const kept = events.read(0, 1_000);
  expect(kept.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 100 - events.droppedThrough }, (_, at) => events.droppedThrough + at + 1),
  );
});

it('a HEAD of the stream ends, so that the connection serves its next request', async () => {
  const { port } = new URL(started.url);
  const socket = connect(Number(port), '127.0.0.1');
  const say = (path: string, method: string) =>
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
  say('/_heartbeatd/events', 'HEAD');
  say('/_heartbeatd/clock', 'GET');
  let heard = '';
  for await (const chunk of socket) {
    heard += String(chunk);
    if (heard.includes('"frozen"')) break;
  }
  expect(heard).toMatch(/^HTTP\/1.1 200 [\s\S]*event-stream[\s\S]*HTTP\/1.1 200 /);
});
