/** The messages and presence events of a subscription: reads its topics, and knows what is worth waiting for next. */
import type { TopicCursor } from '../../../store/store.ts';
import type { PresenceContext } from '../context.ts';
import type { IntervalSettings } from '../membership/events/interval.ts';
import type { EnvelopeContext } from '../messages/message.ts';
import { type Selection, selectDeliveries } from './deliveries.ts';
import { reportEvents } from './events-report.ts';
import { eventEntries, messageEntries } from './feed-entries.ts';
import type { Filter } from './filter/filter.ts';
import type { Subscription } from './subscription.ts';
import { type Found, readSources } from './topic-reads.ts';

/** SDKs take region 0 for a missing reply. */
export const region = 1;

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
  const readAll = (sources: Subscription['sources']): Promise<Found> =>
    readSources(sources, positions, { store, tenant, after, intervalMs: intervals.intervalMs });

  return {
    async read({ sources }) {
      reads += 1;
      let found = await readAll(sources);
      let report = reportEvents(found, { after, until: 0n, settings: intervals });
      nextEndInMs = undefined;
      if (report.nextEndMs !== undefined) {
        // An interval is reported once it is over and no step can be added to it, so the time is read first.
        const { dateMs, timetoken } = await store.now({ tenant });
        if (dateMs >= report.nextEndMs) {
          found = await readAll(sources);
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
