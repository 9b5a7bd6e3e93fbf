/** Steps of a group's membership, as `lua/steps.lua` packs those that happen together. */
import { decode } from '@msgpack/msgpack';
import type { LeaseEvent, TenantEvent, TopicEntry } from '../store.ts';
import type { Reply } from './scripts.ts';

type Packed = readonly [
  type: LeaseEvent['type'],
  group: string,
  atMs: number,
  holders: readonly string[],
  epochs: readonly number[],
  revisions: readonly number[],
  counts: readonly number[],
  lateMs: readonly number[],
  data: readonly (string | false)[] | false,
];

const textOrNull = (data: string | false | undefined): string | null =>
  data === undefined || data === false ? null : data;

function unpackSteps(packed: Uint8Array): LeaseEvent[] {
  const [type, group, atMs, holders, epochs, revisions, counts, lateMs, data] = decode(packed) as Packed;
  return holders.map((holder, at) => ({
    type,
    group,
    holder,
    epoch: epochs[at] ?? 0,
    revision: revisions[at] ?? 0,
    count: counts[at] ?? 0,
    atMs,
    lateMs: lateMs[at] ?? 0,
    data: textOrNull(data === false ? false : data[at]),
  }));
}

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
