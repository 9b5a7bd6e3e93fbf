/** Reads of the topics of a subscription, each bounded in entries and bytes. */
import type { Store } from '../../../store/store.ts';
import { beforeInterval } from '../membership/events/interval.ts';
import { limits } from '../wire/decode/limits.ts';
import type { Source, Subscription } from './subscription.ts';

/** Entries of one read: more than any subscription has whose client keeps up. */
const maxEntries = 10_000;
/** Bytes of one read: more than a reply has of messages of the usual greatest size. What is more comes with the next reply. */
const maxReadBytes = 6 * 1_048_576;
/** A greatest message with its metadata, or presence events with states that are kept as one entry. */
const maxEntryBytes = limits.largeMessageBytes + 65_536;

/** What was read of a subscription's topics. */
export interface Found {
  readonly topics: readonly TopicEntries[];
  /** Set if there may be more: everything up to this timetoken was read, and nothing after it. */
  readonly readTo: bigint | undefined;
  /** Whether events were read from the start of the interval of the subscriber's timetoken. */
  readonly isFromStart: boolean;
}

/** A topic of a subscription, and what was read of it. */
export interface TopicEntries {
  readonly topic: string;
  readonly source: Source;
  readonly entries: { readonly position: bigint; readonly payload: Uint8Array }[];
}

export interface TopicReadOptions {
  readonly store: Pick<Store, 'readTopics'>;
  readonly tenant: string;
  /** The timetoken that the subscriber continues from. */
  readonly after: bigint;
  /** Length of the interval that the steps of a busy channel are summed up in, ms. */
  readonly intervalMs: number;
}

/**
 * Reads the topics of a subscription: messages after `positions`, or after the subscriber's timetoken; events from the start of the
 * interval of that timetoken.
 */
export async function readSources(
  sources: Subscription['sources'],
  positions: ReadonlyMap<string, bigint>,
  options: TopicReadOptions,
): Promise<Found> {
  const { after, intervalMs } = options;
  const found = await readFrom(sources, positions, {
    ...options,
    eventsAfter: beforeInterval(after, intervalMs),
  });
  // The steps of the interval alone fill a read: it is summed up without those before.
  return found.readTo !== undefined && found.readTo <= after
    ? readFrom(sources, positions, { ...options, eventsAfter: after })
    : found;
}

async function readFrom(
  sources: Subscription['sources'],
  positions: ReadonlyMap<string, bigint>,
  { store, tenant, after, eventsAfter }: TopicReadOptions & { readonly eventsAfter: bigint },
): Promise<Found> {
  const topics = [...sources].map(([topic, { kind }]) => ({
    topic,
    after: kind === 'events' ? eventsAfter : (positions.get(topic) ?? after),
  }));
  const found = new Map<string, TopicEntries>();
  for (const [topic, source] of sources) found.set(topic, { topic, source, entries: [] });
  const entries = await store.readTopics({ tenant, topics, limit: maxEntries, maxBytes: maxReadBytes });
  let bytes = 0;
  for (const entry of entries) {
    found.get(entry.topic)?.entries.push(entry);
    bytes += entry.payload.byteLength;
  }
  const mayBeMore = entries.length >= maxEntries || bytes > maxReadBytes - maxEntryBytes;
  const readTo = mayBeMore ? entries.at(-1)?.position : undefined;
  return { topics: [...found.values()], readTo, isFromStart: eventsAfter < after };
}
