/** Selects what a subscriber gets of what its topics hold: in order, filtered, with a bound on the work for one request. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Filter } from './filter/filter.ts';

/** Messages in one reply; the rest comes with the next. The real service leaves older ones out. */
export const maxDeliveries = 100;

/**
 * Units of filter work (a few nanoseconds each) for one request: enough for a few terms on all that is kept of a channel. A
 * request that reaches the bound gets what was selected so far and the timetoken that was read to, to continue from there.
 */
const maxWork = 16 * 1_048_576;
/** Units of filter work after which other requests get their turn. */
const turnWork = 1_048_576;
/** Units for each character of JSON that is parsed. */
const parsedCharacter = 2;

/** A message or event that a subscriber gets. */
export interface Delivery {
  readonly position: bigint;
  /** The subscribed name that it came through. */
  readonly via: string;
  readonly channel: string;
  /** JSON text of the payload alone. */
  readonly json: string;
  /** Returns the JSON text of the whole envelope, without `via` where that is undefined. */
  envelope(via: string | undefined): string;
}

/** A message or event, and what filters are tried on. */
export interface Filterable extends Delivery {
  readonly meta: unknown;
  /** Characters of JSON that `data` parses. */
  readonly unparsed: number;
  data(): unknown;
}

/** An entry of a topic that may be delivered. */
export interface Entry {
  readonly position: bigint;
  /** An entry that comes through several names is delivered through the one of lowest rank. */
  readonly rank: number;
  readonly bytes: number;
  /** Decodes the entry; undefined for bytes that are no message. */
  read(): Filterable | undefined;
}

export interface Selection {
  readonly deliveries: readonly Delivery[];
  /** Set if the work ended early: everything up to this timetoken was read, and nothing after it. */
  readonly readTo?: bigint;
  /** True if there were more entries than fit one reply: the rest follows the last delivery. */
  readonly isCut: boolean;
}

export interface SelectOptions {
  readonly filter: Filter | undefined;
  /** Aborted once no client waits for the reply. */
  readonly signal: AbortSignal;
  /** Lets other work of the process run. */
  readonly pause?: () => Promise<unknown>;
}

/**
 * Returns the entries that the filter lets through, oldest first, each once however many names it came through, and at most
 * `maxDeliveries` or the rest of those with the same timetoken. Rejects with FilterTooLarge.
 */
export async function selectDeliveries(
  entries: readonly Entry[],
  options: SelectOptions,
): Promise<Selection> {
  const { filter, signal, pause = nextTurn } = options;
  const ordered = [...entries].sort((a, b) =>
    a.position < b.position ? -1 : a.position > b.position ? 1 : a.rank - b.rank,
  );
  const deliveries: Delivery[] = [];
  const work = { spent: 0 };
  let pauseAt = turnWork;
  for (let at = 0; at < ordered.length; ) {
    const position = ordered[at]?.position ?? 0n;
    // Entries that share a timetoken stay together: a client that continues from it would miss the rest.
    const channels = new Set<string>();
    for (; ordered[at]?.position === position; at += 1) {
      const entry = ordered[at]?.read();
      if (entry === undefined || channels.has(entry.channel)) continue;
      channels.add(entry.channel);
      if (filter === undefined || isLetThrough(filter, entry, work)) deliveries.push(entry);
      work.spent += ordered[at]?.bytes ?? 0;
    }
    if (at === ordered.length) break;
    if (deliveries.length >= maxDeliveries) return { deliveries, isCut: true };
    if (filter === undefined) continue;
    if (work.spent >= maxWork) return { deliveries, readTo: position, isCut: false };
    if (work.spent < pauseAt) continue;
    await pause();
    if (signal.aborted) return { deliveries, readTo: position, isCut: false };
    pauseAt = work.spent + turnWork;
  }
  return { deliveries, isCut: false };
}

function isLetThrough(filter: Filter, entry: Filterable, work: { spent: number }): boolean {
  return filter(
    {
      meta: entry.meta,
      data() {
        work.spent += entry.unparsed * parsedCharacter;
        return entry.data();
      },
    },
    work,
  );
}
