/** Events of a group's membership, as `lua/membership/events.lua` packs those that happen together. */
import { decode } from '@msgpack/msgpack';
import type { TopicEntry } from '../../documents.ts';
import { beginRun, type EventRun, type UnfinishedRun } from '../../event-runs.ts';
import type { LeaseEvent, Tenant, TenantEvent } from '../../leases.ts';
import type { Reply } from '../scripts.ts';

type PackedEvents = readonly [
  type: LeaseEvent['type'],
  group: string,
  atMs: number,
  holders: readonly string[],
  epochs: readonly number[],
  /** Of the first event, each next one is one more; false: the revisions are the epochs. */
  revision: number | false,
  /** After the first event; each next one adds or removes one member. */
  count: number,
  lateMs: readonly number[] | false,
  data: readonly (string | false)[] | false,
];

function unpackEvents(packed: Uint8Array): LeaseEvent[] {
  const [type, group, atMs, holders, epochs, revision, count, lateMs, data] = decode(packed) as PackedEvents;
  const change = type === 'granted' ? 1 : -1;
  return holders.map((holder, at) => ({
    type,
    group,
    holder,
    epoch: epochs[at] ?? 0,
    revision: revision === false ? (epochs[at] ?? 0) : revision + at,
    count: count + change * at,
    atMs,
    lateMs: lateMs === false ? 0 : (lateMs[at] ?? 0),
    data: textOrNull(data === false ? false : data[at]),
  }));
}

const textOrNull = (data: string | false | undefined): string | null =>
  data === undefined || data === false ? null : data;

/** Returns the events of a reply that is `tenant, events, tenant, events, …` from the element `from` on. */
export function replyEvents(reply: readonly Reply[], from: number): TenantEvent[] {
  const events: TenantEvent[] = [];
  for (let at = from; at < reply.length; at += 2) {
    const tenant = String(reply[at]);
    for (const event of unpackEvents(reply[at + 1] as Buffer)) events.push({ tenant, ...event });
  }
  return events;
}

/**
 * Returns the events of a reply as `replyEvents` has them, the latest first, in runs: those of a tenant that are equally late are one, in
 * the order of the reply.
 */
export function replyRuns(reply: readonly Reply[], from: number): EventRun[] {
  const runs = new Map<string, UnfinishedRun>();
  for (let at = from; at < reply.length; at += 2)
    addToRuns(runs, String(reply[at]), decode(reply[at + 1] as Buffer) as PackedEvents);
  return [...runs.values()].sort((a, b) => b.lateMs - a.lateMs);
}

function addToRuns(runs: Map<string, UnfinishedRun>, tenant: Tenant, packed: PackedEvents): void {
  const [type, group, atMs, holders, epochs, revision, count, lateMs, data] = packed;
  const change = type === 'granted' ? 1 : -1;
  let run: UnfinishedRun | undefined;
  for (const [at, holder] of holders.entries()) {
    const late = lateMs === false ? 0 : (lateMs[at] ?? 0);
    const epoch = epochs[at] ?? 0;
    // Those of a group are mostly equally late.
    if (run?.lateMs !== late) {
      const key = `${late} ${atMs} ${type} ${tenant}`;
      run = runs.get(key) ?? beginRun({ tenant, type, atMs, lateMs: late }, 0);
      runs.set(key, run);
    }
    run.holders.push(holder);
    run.groups.push(group);
    run.epochs.push(epoch);
    run.revisions.push(revision === false ? epoch : revision + at);
    run.counts.push(count + change * at);
    run.data.push(textOrNull(data === false ? false : data[at]));
  }
}

/** Returns one topic entry for each packed event. `last`: the position of the last one; the others have those before it. */
export function eventEntries(topic: string, last: bigint, packed: Uint8Array): TopicEntry[] {
  const events = unpackEvents(packed);
  return events.map((event, at) => ({
    topic,
    position: last - 10n * BigInt(events.length - 1 - at),
    payload: Buffer.from(JSON.stringify(event)),
  }));
}
