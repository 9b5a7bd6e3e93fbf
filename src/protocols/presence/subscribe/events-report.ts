/** The presence events of a subscription's channels, and when more of them are due. */
import { type LeaseEvent, leaseEventsTopic } from '../../../store/store.ts';
import {
  type IntervalSettings,
  type PositionedEvent,
  reportSteps,
  type Step,
} from '../membership/events/interval.ts';
import { eventsKept } from '../messages/topics.ts';
import { decodeOnce } from './decode-once.ts';
import type { Source } from './subscription.ts';
import type { Found, TopicEntries } from './topic-reads.ts';

const stepOf = decodeOnce((payload) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);

/** The events of a channel, and the source that they are delivered through. */
export interface ChannelEvents {
  readonly source: Source;
  readonly channel: string;
  readonly events: readonly PositionedEvent[];
}

export interface EventsReport {
  readonly channels: readonly ChannelEvents[];
  /** Topics of channels whose steps are being summed up. */
  readonly busy: ReadonlySet<string>;
  /** The earliest end of an interval that has steps to sum up, ms since 1970. */
  readonly nextEndMs: number | undefined;
}

export interface EventsOptions {
  readonly after: bigint;
  readonly until: bigint;
  readonly settings: IntervalSettings;
}

/** Returns the presence events of all channels; see `reportSteps`. */
export function reportEvents({ topics, isFromStart }: Found, options: EventsOptions): EventsReport {
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
