/** The messages and presence events of a subscription: reads its topics, and knows what is worth waiting for next. */
import { type LeaseEvent, leaseEventsTopic, type TopicCursor } from '../../../store/store.ts';
import type { PresenceContext } from '../context.ts';
import {
  beforeInterval,
  type IntervalSettings,
  type PositionedEvent,
  reportSteps,
  type Step,
} from '../membership/events/interval.ts';
import { metadataOf } from '../membership/events/presence-event.ts';
import {
  decodeMessage,
  type EnvelopeContext,
  type Message,
  messageEnvelope,
  presenceEnvelope,
} from '../messages/message.ts';
import { eventsKept } from '../messages/topics.ts';
import { limits } from '../wire/decode/limits.ts';
import { companion } from '../wire/decode/names.ts';
import { type Entry, type Selection, selectDeliveries } from './deliveries.ts';
import type { Filter } from './filter/filter.ts';
import type { Source, Subscription } from './subscription.ts';

/** SDKs take region 0 for a missing reply. */
export const region = 1;

/** Entries of one read: more than any subscription has whose client keeps up. */
const maxEntries = 10_000;
/** Bytes of one read: more than a reply has of messages of the usual greatest size. What is more comes with the next reply. */
const maxReadBytes = 6 * 1_048_576;
/** A greatest message with its metadata, or presence events with states that are kept as one entry. */
const maxEntryBytes = limits.largeMessageBytes + 65_536;
/** While the steps of a busy channel are summed up, its subscribers read at most this often, ms. */
const busyPauseMs = 1_000;

export interface Feed {
  /** Reads what there is now, in order. Rejects with FilterTooLarge. */
  read(subscription: Subscription): Promise<Selection>;
  /** Returns what to wait for after a read without deliveries, and for how long. */
  nextRead(): { readonly cursors: readonly TopicCursor[]; readonly timeoutMs: number };
}

export interface FeedOptions {
  readonly tenant: string;
  readonly subscribeKey: string;
  /** The timetoken that the subscriber continues from. */
  readonly after: bigint;
  readonly filter: Filter | undefined;
  /** Aborted once the poll is over. */
  readonly signal: AbortSignal;
}

/** Opens the feed of one poll. */
export function openFeed({ store, settings }: PresenceContext, options: FeedOptions): Feed {
  const { tenant, subscribeKey, after, filter, signal } = options;
  const intervals: IntervalSettings = {
    announceMax: settings.presenceAnnounceMax,
    intervalMs: settings.presenceIntervalSeconds * 1_000,
    deltas: settings.presenceDeltas,
  };
  const envelopes: EnvelopeContext = { subscribeKey, region };
  const maxWaitMs = settings.presenceHoldSeconds * 1_000;
  /** The newest position that was read of each topic. */
  let positions = new Map<string, bigint>();
  let busy: ReadonlySet<string> = new Set();
  let reads = 0;
  let nextEndInMs: number | undefined;

  const readFrom = async (sources: Subscription['sources'], eventsAfter: bigint): Promise<Found> => {
    const topics = [...sources].map(([topic, { kind }]) => ({
      topic,
      after: kind === 'events' ? eventsAfter : (positions.get(topic) ?? after),
    }));
    const found = new Map<string, TopicEntries>();
    for (const [topic, source] of sources) found.set(topic, { topic, source, entries: [] });
    const entries = await store.readTopics({
      tenant,
      topics,
      limit: maxEntries,
      maxBytes: maxReadBytes,
    });
    let bytes = 0;
    for (const entry of entries) {
      found.get(entry.topic)?.entries.push(entry);
      bytes += entry.payload.byteLength;
    }
    const mayBeMore = entries.length >= maxEntries || bytes > maxReadBytes - maxEntryBytes;
    const readTo = mayBeMore ? entries.at(-1)?.position : undefined;
    return { topics: [...found.values()], readTo, isFromStart: eventsAfter < after };
  };
  const readTopics = async (sources: Subscription['sources']): Promise<Found> => {
    const found = await readFrom(sources, beforeInterval(after, intervals.intervalMs));
    // The steps of the interval alone fill a read: it is summed up without those before.
    return found.readTo !== undefined && found.readTo <= after ? readFrom(sources, after) : found;
  };

  return {
    async read({ sources }) {
      reads += 1;
      let found = await readTopics(sources);
      let report = reportEvents(found, { after, until: 0n, settings: intervals });
      nextEndInMs = undefined;
      if (report.nextEndMs !== undefined) {
        // An interval is reported once it is over and no step can be added to it, so the time is read first.
        const { dateMs, timetoken } = await store.now({ tenant });
        if (dateMs >= report.nextEndMs) {
          found = await readTopics(sources);
          const { readTo = timetoken } = found;
          const until = readTo < timetoken ? readTo : timetoken;
          report = reportEvents(found, { after, until, settings: intervals });
        }
        if (report.nextEndMs !== undefined) nextEndInMs = Math.max(1, report.nextEndMs - dateMs);
      }
      const { topics, readTo } = found;
      positions = new Map(
        topics.map(({ topic, entries }) => [
          topic,
          entries.at(-1)?.position ?? positions.get(topic) ?? after,
        ]),
      );
      busy = report.busy;
      const entries = [
        ...topics.flatMap((topic) => messageEntries(topic, after, envelopes)),
        ...report.channels.flatMap((channel) => eventEntries(channel, envelopes)),
      ];
      const selection = await selectDeliveries(entries, { filter, signal });
      if (readTo === undefined || selection.isCut) return selection;
      return { readTo, ...selection };
    },
    nextRead() {
      // The first steps of a busy time are read as they come, so that a change of state is not delayed.
      const isPausing = busy.size > 0 && reads > 1;
      const cursors = [...positions]
        .filter(([topic]) => !isPausing || !busy.has(topic))
        .map(([topic, position]) => ({ topic, after: position > after ? position : after }));
      const pauseMs = isPausing ? busyPauseMs : maxWaitMs;
      return { cursors, timeoutMs: Math.min(maxWaitMs, nextEndInMs ?? maxWaitMs, pauseMs) };
    },
  };
}

/** Decodes a payload once for all subscribers that get it: those who read together get the same bytes. */
function decodeOnce<T>(decode: (payload: Uint8Array) => T): (payload: Uint8Array) => T {
  const decoded = new WeakMap<Uint8Array, { readonly value: T }>();
  return (payload) => {
    const found = decoded.get(payload) ?? { value: decode(payload) };
    decoded.set(payload, found);
    return found.value;
  };
}

const messageOf = decodeOnce(decodeMessage);
const stepOf = decodeOnce((payload) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);

/** The message parsed last: subscribers to one channel filter the same message one after the other. */
let parsed: { readonly message: Message | undefined; readonly payload: unknown } = {
  message: undefined,
  payload: undefined,
};

function parsePayload(message: Message): unknown {
  if (parsed.message !== message) parsed = { message, payload: JSON.parse(message.json) };
  return parsed.payload;
}

/** What was read of a subscription's topics. */
interface Found {
  readonly topics: readonly TopicEntries[];
  /** Set if there may be more: everything up to this timetoken was read, and nothing after it. */
  readonly readTo: bigint | undefined;
  /** Whether events were read from the start of the interval of the subscriber's timetoken. */
  readonly isFromStart: boolean;
}

interface TopicEntries {
  readonly topic: string;
  readonly source: Source;
  readonly entries: { readonly position: bigint; readonly payload: Uint8Array }[];
}

function messageEntries(
  { source, entries }: TopicEntries,
  after: bigint,
  envelopes: EnvelopeContext,
): Entry[] {
  if (source.kind !== 'messages') return [];
  const { via, rank } = source;
  return entries
    .filter(({ position }) => position > after)
    .map(({ position, payload }) => ({
      position,
      rank,
      bytes: payload.byteLength,
      read() {
        const message = messageOf(payload);
        if (message === undefined) return undefined;
        const { attributes, json } = message;
        return {
          position,
          via,
          channel: attributes.c,
          json,
          envelope: (name) => messageEnvelope(envelopes, { position, via: name }, message),
          meta: attributes.u,
          unparsed: json.length,
          data: () => parsePayload(message),
        };
      },
    }));
}

interface ChannelEvents {
  readonly source: Source;
  readonly channel: string;
  readonly events: readonly PositionedEvent[];
}

interface EventsReport {
  readonly channels: readonly ChannelEvents[];
  /** Topics of channels whose steps are being summed up. */
  readonly busy: ReadonlySet<string>;
  /** The earliest end of an interval that has steps to sum up, ms since 1970. */
  readonly nextEndMs: number | undefined;
}

interface EventsOptions {
  readonly after: bigint;
  readonly until: bigint;
  readonly settings: IntervalSettings;
}

/** Returns the presence events of all channels; see `reportSteps`. */
function reportEvents({ topics, isFromStart }: Found, options: EventsOptions): EventsReport {
  const channels: ChannelEvents[] = [];
  const sources = new Map(topics.map(({ topic, source }) => [topic, source]));
  const busy = new Set<string>();
  let nextEndMs: number | undefined;
  for (const { topic, source, entries } of topics) {
    if (source.kind !== 'events' || entries.length === 0) continue;
    const isComplete = isFromStart && entries.length < eventsKept.keepEntries;
    for (const [channel, steps] of stepsByChannel(entries)) {
      const report = reportSteps(steps, { ...options, isComplete });
      // An event is delivered through the name of its channel, if that is subscribed to, whatever topic has it.
      const own = sources.get(leaseEventsTopic(channel)) ?? source;
      channels.push({ source: own.rank < source.rank ? own : source, channel, events: report.events });
      if (report.nextEndMs === undefined) continue;
      busy.add(topic);
      nextEndMs = Math.min(nextEndMs ?? report.nextEndMs, report.nextEndMs);
    }
  }
  return { channels, busy, nextEndMs };
}

function stepsByChannel(entries: TopicEntries['entries']): ReadonlyMap<string, readonly Step[]> {
  const channels = new Map<string, Step[]>();
  for (const { position, payload } of entries) {
    const event = stepOf(payload);
    const steps = channels.get(event.group);
    if (steps === undefined) channels.set(event.group, [{ position, event }]);
    else steps.push({ position, event });
  }
  return channels;
}

function eventEntries({ source, channel, events }: ChannelEvents, envelopes: EnvelopeContext): Entry[] {
  const { via, rank } = source;
  const companionChannel = channel + companion;
  return events.map(({ position, event }) => ({
    position,
    rank,
    bytes: 0,
    read() {
      const metadata = metadataOf(channel, event);
      const json = JSON.stringify(event);
      const content = { companionChannel, metadata, payload: json };
      return {
        position,
        via,
        channel: companionChannel,
        json,
        envelope: (name) => presenceEnvelope(envelopes, { position, via: name }, content),
        meta: metadata,
        unparsed: 0,
        data: () => event,
      };
    },
  }));
}
