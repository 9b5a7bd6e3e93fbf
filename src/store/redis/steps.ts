/** Steps of a group's membership, as `lua/shared/steps.lua` packs those that happen together. */
import { decode } from '@msgpack/msgpack';
import type { LeaseEvent, TenantEvent, TopicEntry } from '../store.ts';
import type { Reply } from './scripts.ts';

type Packed = readonly [
  type: LeaseEvent['type'],
  group: string,
  atMs: number,
  holders: readonly string[],
  epochs: readonly number[],
  /** Of the first step, each next one is one more; false where they are the epochs. */
  revision: number | false,
  /** After the first step; each next one adds a member or takes one away. */
  count: number,
  lateMs: readonly number[] | false,
  data: readonly (string | false)[] | false,
];

function unpackSteps(packed: Uint8Array): LeaseEvent[] {
  const [type, group, atMs, holders, epochs, revision, count, lateMs, data] = decode(packed) as Packed;
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

/** `tenant, steps, tenant, steps, …` from position `from` of a reply. */
export function stepEvents(reply: readonly Reply[], from: number): TenantEvent[] {
  const events: TenantEvent[] = [];
  for (let at = from; at < reply.length; at += 2) {
    const tenant = String(reply[at]);
    for (const step of unpackSteps(reply[at + 1] as Buffer)) events.push({ tenant, ...step });
  }
  return events;
}

/** The entries of a topic that steps stand for; `last`: the position of the last one, each before it has one of its own. */
export function stepEntries(topic: string, last: bigint, packed: Uint8Array): TopicEntry[] {
  const steps = unpackSteps(packed);
  return steps.map((step, at) => ({
    topic,
    position: last - 10n * BigInt(steps.length - 1 - at),
    payload: Buffer.from(JSON.stringify(step)),
  }));
}
