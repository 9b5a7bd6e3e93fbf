/** Chooses what a subscriber gets of what its topics hold: in order, filtered, with a bound on the work for one request. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Filter } from './filter.ts';

/** Messages in one answer; the rest comes with the next. The real service leaves older ones out. */
export const maxHeard = 100;

/**
 * Units of filter work (a few nanoseconds each) for one request: enough for a few terms on all that is kept of a channel. A
 * request that reaches the bound is answered with what it found so far and the timetoken it came to, from where its client
 * goes on.
 */
const maxWork = 16 * 1_048_576;
/** Units of filter work after which other requests get their turn. */
const turnWork = 1_048_576;
/** Units for each character of JSON that is parsed. */
const parsedCharacter = 2;

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

/** A message or event, and what filters are tried on. */
export interface Delivery extends Heard {
  readonly meta: unknown;
  /** Characters of JSON that `data` parses. */
  readonly unparsed: number;
  data(): unknown;
}

/** An entry of a topic that may be delivered. */
export interface Entry {
  readonly position: bigint;
  /** What comes through several names is delivered through the lowest. */
  readonly rank: number;
  readonly bytes: number;
  /** Decodes the entry; undefined for what is no message. */
  read(): Delivery | undefined;
}

export interface Matching {
  readonly heard: readonly Heard[];
  /** Set if the work ended early: everything up to this timetoken was looked at, and nothing after it. */
  readonly lookedTo?: bigint;
}

export interface MatchingOptions {
  readonly filter: Filter | undefined;
  /** Aborted once nobody waits for the answer. */
  readonly signal: AbortSignal;
  /** Lets other work of the process run. */
  readonly pause?: () => Promise<unknown>;
}

/**
 * Returns the entries that the filter lets through, oldest first, each once however many names it came through, and at most
 * `maxHeard` or the rest of those with the same timetoken. Rejects with FilterTooLarge.
 */
export async function matching(entries: readonly Entry[], options: MatchingOptions): Promise<Matching> {
  const { filter, signal, pause = nextTurn } = options;
  const ordered = [...entries].sort((a, b) =>
    a.position < b.position ? -1 : a.position > b.position ? 1 : a.rank - b.rank,
  );
  const heard: Heard[] = [];
  const work = { spent: 0 };
  let pauseAt = turnWork;
  for (let at = 0; at < ordered.length; ) {
    const position = ordered[at]?.position ?? 0n;
    // What shares a timetoken must not be torn apart: a client that goes on from there would miss the rest.
    const channels = new Set<string>();
    for (; ordered[at]?.position === position; at += 1) {
      const entry = ordered[at]?.read();
      if (entry === undefined || channels.has(entry.channel)) continue;
      channels.add(entry.channel);
      if (filter === undefined || holdsOf(filter, entry, work)) heard.push(entry);
      work.spent += ordered[at]?.bytes ?? 0;
    }
    if (at === ordered.length || heard.length >= maxHeard) break;
    if (filter === undefined) continue;
    if (work.spent >= maxWork) return { heard, lookedTo: position };
    if (work.spent < pauseAt) continue;
    await pause();
    if (signal.aborted) return { heard, lookedTo: position };
    pauseAt = work.spent + turnWork;
  }
  return { heard };
}

function holdsOf(filter: Filter, delivery: Delivery, work: { spent: number }): boolean {
  return filter(
    {
      meta: delivery.meta,
      data() {
        work.spent += delivery.unparsed * parsedCharacter;
        return delivery.data();
      },
    },
    work,
  );
}
