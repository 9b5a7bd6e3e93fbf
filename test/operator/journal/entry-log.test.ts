import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../src/http/reply.ts';
import { makeEvents } from '../../../src/operator/events/events.ts';
import { KeptEntry } from '../../../src/operator/journal/entry.ts';
import { type EntryLog, makeEntryLog } from '../../../src/operator/journal/entry-log.ts';
import type { JournalLimits } from '../../../src/operator/journal/entry-ring.ts';

const options = { wallMs: () => 0, monotonicMs: () => 0 };
const makeLog = (limits: JournalLimits): EntryLog => makeEntryLog({ ...options, limits });
/** Keeps a request with a body of some bytes, and with what else is given. */
function keep(log: EntryLog, bodyBytes = 0, given: Partial<KeptEntry> = {}): KeptEntry {
  const entry = new KeptEntry(log.newest + 1, 0);
  const request = { protocol: 'p', operation: 'o', method: 'PUT', url: '', body: new Uint8Array(bodyBytes) };
  return log.keep(Object.assign(entry, request, given));
}
const reply = (bytes: number): Reply => ({ status: 200, headers: [], body: 'x'.repeat(bytes) });
const answer = (log: EntryLog, entry: KeptEntry, bytes: number): void =>
  log.finish(entry, 'answered', reply(bytes), 0);
const kept = (log: EntryLog): number[] => log.list().map(({ seq }) => seq);

describe('the log of entries', () => {
  it('keeps the newest in order, however many there were', () => {
    const log = makeLog({ entries: 3, bytes: 1_000 });
    expect([kept(log), log.newest, log.droppedThrough]).toEqual([[], 0, 0]);
    for (let many = 1; many <= 8; many += 1) keep(log);
    expect([kept(log), log.newest, log.droppedThrough]).toEqual([[6, 7, 8], 8, 5]);
    expect([log.get(5), log.get(6)?.seq, log.get(9)]).toEqual([undefined, 6, undefined]);
  });

  it('drops the oldest when the bodies of requests and replies exceed its limit, and counts what is gone no more', () => {
    const log = makeLog({ entries: 10, bytes: 100 });
    const first = keep(log, 40);
    keep(log, 40);
    answer(log, first, 30);
    expect([kept(log), log.droppedThrough]).toEqual([[2], 1]);
    keep(log, 60);
    expect(kept(log)).toEqual([2, 3]);
    keep(log, 101);
    expect([kept(log), log.droppedThrough]).toEqual([[], 4]);
    keep(log, 100);
    expect(kept(log)).toEqual([5]);
  });

  it('completes an entry that was dropped or removed meanwhile without counting it', () => {
    const log = makeLog({ entries: 2, bytes: 100 });
    const [dropped, removed] = [keep(log, 10), keep(log, 10)];
    keep(log, 10);
    log.forget(removed.seq);
    log.forget(dropped.seq);
    for (const entry of [dropped, removed]) answer(log, entry, 90);
    expect([kept(log), dropped.state]).toEqual([[3], 'answered']);
    keep(log, 90);
    expect(kept(log)).toEqual([3, 4]);
  });

  it('counts URLs and headers as well as bodies', () => {
    const log = makeLog({ entries: 10, bytes: 100 });
    keep(log, 0, { url: 'x'.repeat(60) });
    keep(log, 0, { headers: ['Host', 'x'.repeat(60)] });
    expect(kept(log)).toEqual([2]);
    keep(log, 0, { headers: ['Host', 'x'.repeat(30)] });
    expect(kept(log)).toEqual([2, 3]);
    keep(log, 10);
    expect([kept(log), log.droppedThrough]).toEqual([[3, 4], 2]);
  });

  it('keeps a request that arrived in one piece as its text, and reads its URL and body from that', () => {
    const log = makeLog({ entries: 10, bytes: 100 });
    const head = 'PUT /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n';
    keep(log, 0, { url: undefined, text: `${head}b\xe9`, bodyAt: head.length });
    keep(log, 0, { url: undefined, text: `${head}x`.padEnd(70, 'x'), bodyAt: head.length });
    expect(kept(log)).toEqual([2]);
    expect(log.get(2)?.request).toMatchObject({ method: 'PUT', url: '/a?b=c' });
    keep(log, 0, { url: undefined, text: `${head}b\xe9`, bodyAt: head.length });
    expect(log.get(3)?.request.body).toEqual(Buffer.from([0x62, 0xe9]));
  });

  it('gives back the bytes of an entry with its reply when it is displaced', () => {
    const log = makeLog({ entries: 1, bytes: 100 });
    for (let many = 1; many <= 10; many += 1) {
      answer(log, keep(log, 40), 60);
      expect([kept(log), log.droppedThrough]).toEqual([[many], many - 1]);
    }
  });
});

describe('the event of a request', () => {
  /** `clock`: what all clocks of the journal read, ms. */
  function makeBench(limits: JournalLimits = { entries: 3, bytes: 1_000_000 }) {
    const clock = { ms: 10 };
    const now = (): number => clock.ms;
    const events = makeEvents(now, { max: 5, leaseMs: now });
    const log = makeEntryLog({ wallMs: now, monotonicMs: now, leaseMs: now, events, limits });
    return { clock, events, log };
  }

  it('has its own place and number among the others, and tells what became of the request', () => {
    const { events, log } = makeBench();
    events.append({ type: 'x' });
    const first = keep(log, 0, { tenant: 't', holder: 'h' });
    events.append({ type: 'y' });
    log.finish(first, 'answered', reply(1), 0);
    log.finish(keep(log), 'dropped', undefined, 0);
    expect(events.read(0, 10)).toMatchObject([
      { seq: 1, type: 'x' },
      { seq: 2, type: 'y' },
      { seq: 3, type: 'request', protocol: 'p', operation: 'o', tenant: 't', holder: 'h', status: 200 },
      { seq: 4, type: 'request', state: 'dropped', status: undefined, entry: 2 },
    ]);
    expect(log.get(1)).toMatchObject({ eventsAfter: 2 });
  });

  it('has the times of the reply where that took a millisecond or more', () => {
    const { clock, events, log } = makeBench();
    const tenant = 't';
    const [brief, long, displaced] = [keep(log, 0, { tenant }), keep(log, 0, { tenant }), keep(log)];
    log.finish(brief, 'answered', reply(1), 0.5);
    clock.ms = 2_000;
    log.finish(long, 'answered', reply(1), 1_990);
    for (let many = 1; many <= 3; many += 1) keep(log);
    answer(log, displaced, 1);
    const at = (ms: number): string => new Date(ms).toISOString();
    expect(events.read(0, 10)).toMatchObject([
      { entry: 1, at: at(10), leaseMs: 10 },
      { entry: 2, at: at(2_000), leaseMs: 2_000 },
      { entry: 3, at: at(2_000), leaseMs: null, state: 'answered' },
    ]);
  });

  it('remains when the entry was dropped, and does not keep large ones alive', () => {
    const { events, log } = makeBench();
    const appended: unknown[] = [];
    const { appendRequest } = events;
    events.appendRequest = (request, ...times) => {
      appended.push(request);
      appendRequest(request, ...times);
    };
    const [small, large] = [keep(log, 10), keep(log, 10)];
    answer(log, small, 10);
    answer(log, large, 5_000);
    for (const seq of [1, 2]) log.forget(seq);
    expect(appended[0]).toBe(small);
    expect(JSON.stringify(appended[1])).not.toContain('xxx');
    expect(events.read(0, 10).map(({ entry, status }) => [entry, status])).toEqual([
      [1, 200],
      [2, 200],
    ]);
  });
});
