/** The long poll: what a subscriber hears after a timetoken, held until there is something. Source: REST API pages. */
import type { LeaseEvent, TopicCursor } from '../../store/store.ts';
import type { Call } from './call.ts';
import { errors } from './errors.ts';
import { type Filter, parseFilter } from './filter.ts';
import { beaterOf } from './heartbeat.ts';
import { beforeInterval, type IntervalSettings, type Step, tell } from './interval.ts';
import { decodeMessage, type EnvelopeContext, messageEnvelope, presenceEnvelope } from './message.ts';
import { leave } from './occupants.ts';
import { factsOf } from './presence-event.ts';
import { companion, type Query } from './request.ts';
import { type Source, type Subscription, subscriptionOf, watch } from './subscription.ts';
import { eventsKept } from './topics.ts';

/** SDKs take region 0 for no answer. */
export const region = 1;

/** Messages in one answer; the rest comes with the next. The real service leaves older ones out. */
const maxHeard = 100;
/** Entries looked at in one go: more than any subscription that is kept up with has. */
const maxRead = 10_000;
/** While a busy channel's steps are summed up, subscribers to it look for anything else at most this often, ms. */
const busyPauseMs = 1_000;

/** Something that a subscriber gets. */
export interface Heard {
  readonly position: bigint;
  /** The subscribed name that it came through. */
  readonly via: string;
  readonly channel: string;
  /** JSON text of the payload alone. */
  readonly json: string;
  /** JSON text of the whole envelope. `via` is left out where it says nothing. */
  envelope(via: string | undefined): string;
}

export interface Answer {
  /** Where to go on. */
  readonly timetoken: bigint;
  readonly heard: readonly Heard[];
  /** The channel of a request that names just that. */
  readonly only: string | undefined;
}

/** Why a poll ends before there is something to tell. */
export type End = 'held' | 'gone' | 'closing';

/** A poll under way: ends it when its time is up, its client is gone or the server closes. */
export interface Hold {
  readonly signal: AbortSignal;
  /** Asked when it ended without anything to tell. */
  why(): End | undefined;
}

/** The timetoken to go on from: `tt`, or in one SDK `t={"r":…,"t":…}`; 0 for the first request. */
export function timetokenOf(query: Query): bigint {
  let text = query.tt;
  if (text === undefined && query.t !== undefined && query.t !== '') {
    try {
      const { t } = JSON.parse(query.t) as { t?: unknown };
      text = t === undefined ? undefined : String(t);
    } catch {
      throw errors.invalidTimetoken();
    }
  }
  if (text === undefined || text === '') return 0n;
  if (!/^\d{1,20}$/.test(text)) throw errors.invalidTimetoken();
  return BigInt(text);
}

function filterOf(query: Query): Filter | undefined {
  const expression = query['filter-expr'];
  if (expression === undefined || expression === '') return undefined;
  try {
    return parseFilter(expression);
  } catch {
    throw errors.invalidFilter();
  }
}

/**
 * Answers at once without a timetoken, and with what is new after one; otherwise holds. A subscribe is a heartbeat at the
 * moment of its answer: while a poll is held nothing is renewed. `uuid` may be missing, then nobody is counted.
 */
export async function subscribe(
  call: Call,
  subscribeKey: string,
  after: bigint,
  hold: Hold,
): Promise<Answer> {
  const { store, tenant, query, settings } = call;
  const filter = filterOf(query);
  const counts = settings.presenceEnabled && query.uuid !== undefined && query.uuid !== '';
  const beat = counts ? beaterOf(call) : undefined;
  let { subscription, readAt } = await subscribed(call);
  const heldSince = readAt;

  if (after === 0n) {
    await beat?.(subscription.places);
    return { timetoken: readAt, heard: [], only: subscription.only };
  }

  const listener = listen(call, subscribeKey, after, filter);
  let heard = await listener.look(subscription);
  while (heard.length === 0 && !hold.signal.aborted) {
    const { cursors, timeoutMs } = listener.nextLook();
    const changes = subscription.groupTopics.map((topic) => ({ topic, after: readAt }));
    const woken = await store.wait({
      tenant,
      topics: [...cursors, ...changes],
      timeoutMs,
      signal: hold.signal,
    });
    if (hold.signal.aborted) break;
    if (woken && changes.length > 0) ({ subscription, readAt } = await subscribed(call));
    heard = await listener.look(subscription);
  }
  if (hold.why() === 'gone') {
    if (settings.presenceLeaveOnDisconnect && query.uuid !== undefined) {
      await leave(
        store,
        tenant,
        query.uuid,
        subscription.places.map(({ channel }) => channel),
      );
    }
  } else await beat?.(subscription.places, heldSince);
  return { timetoken: heard.at(-1)?.position ?? after, heard, only: subscription.only };
}

/**
 * What a request is subscribed to, and the timetoken before anything was looked at: changes of its groups after it may
 * not be in there. It comes first of all, for SDKs send a heartbeat beside the handshake and must hear of their own join.
 */
async function subscribed(call: Call): Promise<{ subscription: Subscription; readAt: bigint }> {
  const { store, tenant } = call;
  const { timetoken: readAt } = await store.now({ tenant });
  const subscription = await subscriptionOf(call);
  await watch(store, tenant, subscription.watched);
  return { subscription, readAt };
}

interface Listener {
  /** What there is to tell now, in order. */
  look(subscription: Subscription): Promise<readonly Heard[]>;
  /** What is worth waiting for after a look that told nothing, and for how long. */
  nextLook(): { cursors: readonly TopicCursor[]; timeoutMs: number };
}

function listen(call: Call, subscribeKey: string, after: bigint, filter: Filter | undefined): Listener {
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
      return choose([
        ...topics.flatMap((topic) => messagesIn(topic, after, context, filter)),
        ...eventsIn(found.told, context, filter),
      ]);
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
const stepOf = once((payload) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);

interface Topic {
  readonly topic: string;
  readonly source: Source;
  readonly entries: { readonly position: bigint; readonly payload: Uint8Array }[];
}

/** With the rank of the name that it came through. */
type Ranked = Heard & { readonly rank: number };

function messagesIn(
  { source, entries }: Topic,
  after: bigint,
  context: EnvelopeContext,
  filter: Filter | undefined,
): Ranked[] {
  if (source.kind !== 'messages') return [];
  const { via, rank } = source;
  return entries.flatMap(({ position, payload }) => {
    const message = position > after ? messageOf(payload) : undefined;
    if (message === undefined) return [];
    const { facts, json } = message;
    if (filter !== undefined && !filter({ meta: facts.u, data: () => JSON.parse(json) })) return [];
    return {
      position,
      via,
      rank,
      channel: facts.c,
      json,
      envelope: (said: string | undefined) => messageEnvelope(context, { position, via: said }, message),
    };
  });
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

function eventsIn(all: readonly ToldTo[], context: EnvelopeContext, filter: Filter | undefined): Ranked[] {
  return all.flatMap(({ source: { via, rank }, channel, told }) =>
    told.flatMap(({ position, event }) => {
      const facts = factsOf(channel, event);
      if (filter !== undefined && !filter({ meta: facts, data: () => event })) return [];
      const json = JSON.stringify(event);
      const on = channel + companion;
      return {
        position,
        via,
        rank,
        channel: on,
        json,
        envelope: (said: string | undefined) =>
          presenceEnvelope(context, { position, via: said }, on, facts, json),
      };
    }),
  );
}

/** In order, each once however many names it came through, and at most so many. */
function choose(all: readonly Ranked[]): readonly Heard[] {
  if (all.length === 0) return all;
  const best = new Map<string, Ranked>();
  for (const heard of all) {
    const key = `${heard.position} ${heard.channel}`;
    const known = best.get(key);
    if (known === undefined || heard.rank < known.rank) best.set(key, heard);
  }
  const ordered = [...best.values()].sort((a, b) =>
    a.position < b.position ? -1 : a.position > b.position ? 1 : 0,
  );
  // What shares a timetoken must not be torn apart: a client that goes on from there would miss the rest.
  const last = ordered[maxHeard - 1]?.position;
  return last === undefined ? ordered : ordered.filter(({ position }) => position <= last);
}

/** `{"t":{"t":"…","r":1},"m":[…]}`. */
export function renderV2({ timetoken, heard, only }: Answer): string {
  const envelopes = heard.map((one) => one.envelope(one.channel === only ? undefined : one.via));
  return `{"t":{"t":"${timetoken}","r":${region}},"m":[${envelopes.join(',')}]}`;
}

/** The older form: payloads, the timetoken, and where the request names several, what each came through and its channel. */
export function renderV1({ timetoken, heard, only }: Answer, hasGroups: boolean): string {
  const payloads = `[${heard.map(({ json }) => json).join(',')}]`;
  const lists = [
    ...(hasGroups ? [heard.map(({ via }) => via)] : []),
    ...(only === undefined && heard.length > 0 ? [heard.map(({ channel }) => channel)] : []),
  ];
  return `[${[payloads, `"${timetoken}"`, ...lists.map((names) => JSON.stringify(names.join(',')))].join(',')}]`;
}

/** All polls of this process, so that closing the server need not wait for them. */
export interface Polls {
  /** `onGone` is told how to end the poll when its client goes away. */
  hold(forMs: number, onGone: (gone: () => void) => void): Hold & { done(): void };
  close(): void;
}

export function makePolls(): Polls {
  const endings = new Set<(why: End) => void>();
  let closing = false;
  return {
    hold(forMs, onGone) {
      const controller = new AbortController();
      let why: End | undefined;
      const end = (reason: End): void => {
        if (why !== undefined) return;
        why = reason;
        controller.abort();
      };
      const timer = setTimeout(() => end('held'), forMs);
      endings.add(end);
      onGone(() => end('gone'));
      if (closing) end('closing');
      return {
        signal: controller.signal,
        why: () => why,
        done() {
          clearTimeout(timer);
          endings.delete(end);
        },
      };
    },
    close() {
      closing = true;
      for (const end of endings) end('closing');
    },
  };
}
