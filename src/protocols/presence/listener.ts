/** What there is to tell a subscriber: it looks at the topics of a subscription, and knows what is worth waiting for. */
import type { LeaseEvent, TopicCursor } from '../../store/store.ts';
import type { Call } from './call.ts';
import type { Filter } from './filter.ts';
import { beforeInterval, type IntervalSettings, type Step, tell } from './interval.ts';
import { type Entry, type Matching, matching } from './matching.ts';
import {
  decodeMessage,
  type EnvelopeContext,
  type Message,
  messageEnvelope,
  presenceEnvelope,
} from './message.ts';
import { factsOf } from './presence-event.ts';
import { companion } from './request.ts';
import type { Source, Subscription } from './subscription.ts';
import { eventsKept } from './topics.ts';

/** SDKs take region 0 for no answer. */
export const region = 1;

/** Entries looked at in one go: more than any subscription that is kept up with has. */
const maxRead = 10_000;
/** While a busy channel's steps are summed up, subscribers to it look for anything else at most this often, ms. */
const busyPauseMs = 1_000;

export interface Listener {
  /** What there is to tell now, in order. Rejects with FilterTooLarge. */
  look(subscription: Subscription): Promise<Matching>;
  /** What is worth waiting for after a look that told nothing, and for how long. */
  nextLook(): { cursors: readonly TopicCursor[]; timeoutMs: number };
}

export interface ListenOptions {
  readonly subscribeKey: string;
  /** The timetoken that the subscriber goes on from. */
  readonly after: bigint;
  readonly filter: Filter | undefined;
  /** Aborted once the poll is over. */
  readonly signal: AbortSignal;
}

export function listen(call: Call, options: ListenOptions): Listener {
  const { subscribeKey, after, filter, signal } = options;
  const { store, tenant, settings } = call;
  const intervals: IntervalSettings = {
    announceMax: settings.presenceAnnounceMax,
    intervalMs: settings.presenceIntervalSeconds * 1_000,
    deltas: settings.presenceDeltas,
  };
  const context: EnvelopeContext = { subscribeKey, region };
  const holdMs = settings.presenceHoldSeconds * 1_000;
  /** How far each topic was looked at. */
  let seen = new Map<string, bigint>();
  let busy = new Set<string>();
  let looks = 0;
  let nextEndInMs: number | undefined;

  const read = async (sources: Subscription['sources']): Promise<Topic[]> => {
    const cursors = [...sources].map(([topic, { kind }]) => ({
      topic,
      after: kind === 'events' ? beforeInterval(after, intervals.intervalMs) : (seen.get(topic) ?? after),
    }));
    const topics = new Map<string, Topic>();
    for (const [topic, source] of sources) topics.set(topic, { topic, source, entries: [] });
    for (const entry of await store.readTopics({ tenant, topics: cursors, limit: maxRead })) {
      topics.get(entry.topic)?.entries.push(entry);
    }
    return [...topics.values()];
  };

  return {
    async look({ sources }) {
      looks += 1;
      let topics = await read(sources);
      let found = tellAll(topics, after, 0n, intervals);
      nextEndInMs = undefined;
      if (found.nextEndMs !== undefined) {
        // An interval is told of once it is over, and nothing more can come into it: so the time is asked first.
        const { wallMs, timetoken } = await store.now({ tenant });
        if (wallMs >= found.nextEndMs) {
          topics = await read(sources);
          found = tellAll(topics, after, timetoken, intervals);
        }
        if (found.nextEndMs !== undefined) nextEndInMs = Math.max(1, found.nextEndMs - wallMs);
      }
      seen = new Map(
        topics.map(({ topic, entries }) => [topic, entries.at(-1)?.position ?? seen.get(topic) ?? after]),
      );
      busy = found.busy;
      const entries = [
        ...topics.flatMap((topic) => messagesIn(topic, after, context)),
        ...eventsIn(found.told, context),
      ];
      return matching(entries, { filter, signal });
    },
    nextLook() {
      // The first steps of a busy time are looked at as they come, so that a change of state is not kept waiting.
      const pauses = busy.size > 0 && looks > 1;
      const cursors = [...seen]
        .filter(([topic]) => !pauses || !busy.has(topic))
        .map(([topic, position]) => ({ topic, after: position > after ? position : after }));
      return {
        cursors,
        timeoutMs: Math.min(holdMs, nextEndInMs ?? holdMs, pauses ? busyPauseMs : holdMs),
      };
    },
  };
}

/** Reads a payload once, however many subscribers get it: those who read together are given the same bytes. */
function once<T>(read: (payload: Uint8Array) => T): (payload: Uint8Array) => T {
  const known = new WeakMap<Uint8Array, { readonly value: T }>();
  return (payload) => {
    const found = known.get(payload) ?? { value: read(payload) };
    known.set(payload, found);
    return found.value;
  };
}

const messageOf = once(decodeMessage);
/** The payload parsed last: subscribers to one channel filter the same message one after the other. */
let parsed: { readonly message: Message | undefined; readonly payload: unknown } = {
  message: undefined,
  payload: undefined,
};

function payloadOf(message: Message): unknown {
  if (parsed.message !== message) parsed = { message, payload: JSON.parse(message.json) };
  return parsed.payload;
}

const stepOf = once((payload) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);

interface Topic {
  readonly topic: string;
  readonly source: Source;
  readonly entries: { readonly position: bigint; readonly payload: Uint8Array }[];
}

function messagesIn({ source, entries }: Topic, after: bigint, context: EnvelopeContext): Entry[] {
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
        const { facts, json } = message;
        return {
          position,
          via,
          channel: facts.c,
          json,
          envelope: (said) => messageEnvelope(context, { position, via: said }, message),
          meta: facts.u,
          unparsed: json.length,
          data: () => payloadOf(message),
        };
      },
    }));
}

interface ToldTo {
  readonly source: Source;
  readonly channel: string;
  readonly told: ReturnType<typeof tell>['told'];
}

/** The presence events of all channels, and the topics of those whose steps are being summed up. */
function tellAll(
  topics: readonly Topic[],
  after: bigint,
  until: bigint,
  intervals: IntervalSettings,
): { told: ToldTo[]; busy: Set<string>; nextEndMs: number | undefined } {
  const told: ToldTo[] = [];
  const busy = new Set<string>();
  let nextEndMs: number | undefined;
  for (const { topic, source, entries } of topics) {
    if (source.kind !== 'events' || entries.length === 0) continue;
    const channels = new Map<string, Step[]>();
    for (const { position, payload } of entries) {
      const event = stepOf(payload);
      const steps = channels.get(event.group);
      if (steps === undefined) channels.set(event.group, [{ position, event }]);
      else steps.push({ position, event });
    }
    for (const [channel, steps] of channels) {
      const telling = tell(steps, after, until, intervals, entries.length < eventsKept.keepEntries);
      told.push({ source, channel, told: telling.told });
      if (telling.nextEndMs === undefined) continue;
      busy.add(topic);
      nextEndMs = Math.min(nextEndMs ?? telling.nextEndMs, telling.nextEndMs);
    }
  }
  return { told, busy, nextEndMs };
}

function eventsIn(all: readonly ToldTo[], context: EnvelopeContext): Entry[] {
  return all.flatMap(({ source: { via, rank }, channel, told }) =>
    told.map(({ position, event }) => ({
      position,
      rank,
      bytes: 0,
      read() {
        const facts = factsOf(channel, event);
        const json = JSON.stringify(event);
        const on = channel + companion;
        return {
          position,
          via,
          channel: on,
          json,
          envelope: (said) => presenceEnvelope(context, { position, via: said }, on, facts, json),
          meta: facts,
          unparsed: 0,
          data: () => event,
        };
      },
    })),
  );
}
