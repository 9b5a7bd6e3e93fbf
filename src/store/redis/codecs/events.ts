/** Events of a group's membership, as `lua/membership/events.lua` packs those that happen together. */
import { decode } from '@msgpack/msgpack';
import type { TopicEntry } from '../../documents.ts';
import type { LeaseEvent, TenantEvent } from '../../leases.ts';
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

/** Returns one topic entry for each packed event. `last`: the position of the last one; the others have those before it. */
export function eventEntries(topic: string, last: bigint, packed: Uint8Array): TopicEntry[] {
  const events = unpackEvents(packed);
  return events.map((event, at) => ({
    topic,
    position: last - 10n * BigInt(events.length - 1 - at),
    payload: Buffer.from(JSON.stringify(event)),
  }));
}
