/** Messages and events: each once, in order, none lost. */
import { type Entry, entriesOf, type LeaseReceipt, type QuietOccupancy } from '../history.ts';
import { settledUntilMs } from './faults.ts';
import type { Finding } from './verdict.ts';

/** Returns the acknowledged publications that a reader did not get, and what a reader got twice or was never published. */
export function checkPublications(history: readonly Entry[]): Finding[] {
  const receipts = entriesOf(history, 'receipt');
  const readers = new Map<string, string>();
  const received = new Map<string, number[]>();
  for (const { reader, topic, id, atMs } of receipts) {
    readers.set(`${topic}\n${reader}`, topic);
    const key = `${topic}\n${reader}\n${id}`;
    received.set(key, [...(received.get(key) ?? []), atMs]);
  }
  const publications = entriesOf(history, 'publication');
  const read = new Map(entriesOf(history, 'full read').map((full) => [full.topic, full]));
  const dueMs = settledUntilMs(history);
  const findings: Finding[] = [];
  for (const { topic, id, isAcknowledged, sentMs, doneMs } of publications) {
    for (const [reader, of] of readers) {
      if (of !== topic) continue;
      const times = received.get(`${reader}\n${id}`) ?? [];
      const [first = doneMs] = times;
      const what = `${id} of ${topic}`;
      if (times.length === 0 && isAcknowledged && doneMs <= dueMs)
        findings.push({ rule: 'event lost', what, fromMs: sentMs, toMs: doneMs });
      if (times.length > 1)
        findings.push({ rule: 'event duplicated', what, fromMs: first, toMs: times.at(-1) ?? first });
    }
    const full = read.get(topic);
    if (full === undefined || doneMs > full.sentMs) continue;
    const count = full.ids.filter((one) => one === id).length;
    const what = `${id} of ${topic} was read ${count} times`;
    if (count === 0 && isAcknowledged)
      findings.push({ rule: 'acknowledged write lost', what, fromMs: sentMs, toMs: doneMs });
    if (count > 1) findings.push({ rule: 'write duplicated', what, fromMs: sentMs, toMs: doneMs });
  }
  return findings;
}

/** In quiet a message takes milliseconds; one that waits for the end of a held poll takes seconds. */
const lateMs = 3_000;
/** After this long without faults no client waits on a connection that is dead, ms. */
const calmMs = 9_000;

/** Returns the messages that were published in quiet and took long: notifications are lost, and nobody notices. */
export function checkDelays(history: readonly Entry[]): Finding[] {
  const calm = entriesOf(history, 'quiet').map(({ fromMs, toMs }) => ({ fromMs: fromMs + calmMs, toMs }));
  const sent = new Map(
    entriesOf(history, 'publication')
      .filter(({ sentMs }) => calm.some(({ fromMs, toMs }) => sentMs >= fromMs && sentMs <= toMs))
      .map((one) => [`${one.topic} ${one.id}`, one]),
  );
  return entriesOf(history, 'receipt').flatMap(({ reader, topic, id, atMs }): Finding[] => {
    const publication = sent.get(`${topic} ${id}`);
    if (publication === undefined || atMs - publication.doneMs <= lateMs) return [];
    const what = `${id} of ${topic} reached the ${reader} reader after ${Math.round(atMs - publication.doneMs)} ms`;
    return [{ rule: 'event late', what, fromMs: publication.sentMs, toMs: atMs }];
  });
}

/** Returns the lease events that do not follow from those before: an end without a join, a join without an end, another occupancy. */
export function checkLeaseEvents(history: readonly Entry[]): Finding[] {
  const streams = new Map<string, LeaseReceipt[]>();
  for (const event of entriesOf(history, 'lease event')) {
    const key = `${event.reader} ${event.channel}`;
    streams.set(key, [...(streams.get(key) ?? []), event]);
  }
  const quiet = entriesOf(history, 'quiet occupancy');
  return [...streams.values()].flatMap((events) => {
    const replay: Replay = { present: new Map(), missed: 0, syncMs: 0 };
    const findings: Finding[] = [];
    let at = 0;
    const follow = (untilMs: number): void => {
      for (; at < events.length; at += 1) {
        const event = events[at];
        if (event === undefined || event.atMs > untilMs) return;
        findings.push(...followEvent(replay, event));
      }
    };
    const [first] = events;
    for (const read of quiet.filter(({ channel }) => channel === first?.channel)) {
      follow(read.sentMs);
      findings.push(...compare(replay, read));
      replay.present = new Map(read.listed.map((lease) => [lease, read.sentMs]));
      replay.missed = 0;
      replay.syncMs = read.doneMs;
    }
    follow(Number.POSITIVE_INFINITY);
    return findings;
  });
}

/** What the events of one channel add up to. */
interface Replay {
  present: Map<string, number>;
  /** Occupants of whom no event told. */
  missed: number;
  /** When it was last compared with what the server lists: a difference came about after that. */
  syncMs: number;
}

function followEvent(replay: Replay, event: LeaseReceipt): Finding[] {
  const { lease, action, occupancy, atMs, channel } = event;
  const { present } = replay;
  const findings: Finding[] = [];
  const report = (rule: Finding['rule'], what: string): void => {
    findings.push({ rule, what: `${lease}: ${what}`, fromMs: replay.syncMs, toMs: atMs });
  };
  if (action === 'join') {
    if (present.has(lease)) report('expiry lost', 'it joined again without a leave or timeout');
    present.set(lease, atMs);
  } else {
    if (!present.has(lease)) report('expiry twice', `${action} of a uuid that is not present`);
    present.delete(lease);
  }
  const missed = occupancy - present.size;
  if (missed !== replay.missed && findings.length === 0)
    report(
      'event lost',
      `${action} has occupancy ${occupancy} on ${channel}, and ${present.size} follow from the events`,
    );
  replay.missed = missed;
  return findings;
}

function compare({ present, syncMs }: Replay, read: QuietOccupancy): Finding[] {
  const missing = read.listed.filter((lease) => !present.has(lease));
  const extra = [...present.keys()].filter((lease) => !read.listed.includes(lease));
  const when = { fromMs: syncMs, toMs: read.doneMs };
  return [
    ...missing.map((lease): Finding => {
      const what = `${lease} is on ${read.channel}, and its join did not arrive`;
      return { rule: 'event lost', what, ...when };
    }),
    ...extra.map((lease): Finding => {
      const what = `${lease} is not on ${read.channel}, and its end did not arrive`;
      return { rule: 'expiry lost', what, ...when };
    }),
  ];
}
