import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/operator/journal/entry.ts';
import { type EntryLog, type JournalLimits, makeEntryLog } from '../../../src/operator/journal/entry-log.ts';

const options = { wallMs: () => 0, monotonicMs: () => 0 };
const makeLog = (limits: JournalLimits): EntryLog => makeEntryLog({ ...options, limits });
/** Keeps a request with a body of some bytes, and with what else is given. */
function keep(log: EntryLog, bodyBytes = 0, given: Partial<Entry['request']> = {}): Entry {
  return log.keep({
    ...{ seq: log.newest + 1, atMs: 0, startedMs: 0, eventsBefore: 0, direction: 'in', state: 'pending' },
    ...{ protocol: 'p', operation: 'o', subject: {}, eventsAfter: undefined, durationMs: undefined },
    ...{ reply: undefined, fault: undefined, notes: undefined },
    request: {
      method: 'PUT',
      url: '',
      authority: undefined,
      headers: [],
      body: new Uint8Array(bodyBytes),
      ...given,
    },
  });
}
const answer = (log: EntryLog, entry: Entry, bytes: number): void =>
  log.finish(entry, { state: 'answered', reply: { status: 200, headers: [], body: 'x'.repeat(bytes) } });
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
    log.forget(removed);
    log.forget(dropped);
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

  it('gives back the bytes of an entry with its reply when it is displaced', () => {
    const log = makeLog({ entries: 1, bytes: 100 });
    for (let many = 1; many <= 10; many += 1) {
      answer(log, keep(log, 40), 60);
      expect([kept(log), log.droppedThrough]).toEqual([[many], many - 1]);
    }
  });
});
