/** Keeps the entries of the journal: bounded, in the order of receipt. */
import type { Reply } from '../../http/reply.ts';
import type { RequestEvent } from '../events/kept-request.ts';
import type { Entry } from './entry.ts';
import type { EntryReader } from './read-entry.ts';

/** Limits of the journal. */
export interface JournalLimits {
  readonly entries: number;
  /** Of URLs, headers and bodies, of requests and replies together. */
  readonly bytes: number;
}

export const defaultLimits: JournalLimits = { entries: 1_000, bytes: 16 * 1_024 * 1_024 };

/** What a journal is made with. */
export interface JournalOptions {
  /** Stamps entries. */
  wallMs(): number;
  /** Measures them. */
  monotonicMs(): number;
  /** Returns a tenant's lease clock at once; absent or undefined: it is not known here. */
  leaseMs?(tenant: string): number | undefined;
  /** Returns the cursor of the newest event. */
  newestEvent?(): number;
  /** Called once per entry. */
  onCompleted?(completed: RequestEvent): void;
  readonly reader?: EntryReader;
  readonly limits?: JournalLimits;
}

/** What became of a request. */
export interface Outcome {
  readonly state: Entry['state'];
  readonly notes?: readonly string[] | undefined;
  readonly reply?: Reply;
}

export interface EntryLog {
  /** Returns what is kept, in the order of sequence numbers. */
  list(): Entry[];
  get(seq: number): Entry | undefined;
  readonly newest: number;
  readonly droppedThrough: number;
  /** Adds an entry, whose sequence number is the one after the newest. */
  keep(entry: Entry): Entry;
  /** Completes an entry, which may have been dropped meanwhile. */
  finish(entry: Entry, outcome: Outcome): void;
  forget(entry: Entry): void;
  /** Calls a listener when an entry was added or completed; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

/** Makes a log of entries without any: a ring, so that an entry costs one write, whatever it displaces. */
export function makeEntryLog(options: JournalOptions): EntryLog {
  const { limits = defaultLimits } = options;
  const capacity = limits.entries;
  const ring: (Entry | undefined)[] = [];
  /** Bytes of the entry in each place; `free`: there is none. The oldest entry is displaced without reading it: it has left all caches. */
  const sizes = new Float64Array(capacity).fill(free);
  const listeners = new Set<() => void>();
  let newest = 0;
  let droppedThrough = 0;
  let bytes = 0;

  const placeOf = (seq: number): number => (seq - 1) % capacity;
  const get = (seq: number): Entry | undefined => {
    const entry = ring[placeOf(seq)];
    return entry?.seq === seq ? entry : undefined;
  };
  const changed = (): void => {
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  const forget = (entry: Entry): void => {
    if (get(entry.seq) !== entry) return;
    const place = placeOf(entry.seq);
    ring[place] = undefined;
    bytes -= sizes[place] ?? 0;
    sizes[place] = free;
  };
  /** Drops the oldest entries until the bytes are within their limit. */
  const trim = (): void => {
    for (let seq = Math.max(droppedThrough, newest - capacity) + 1; bytes > limits.bytes; seq += 1) {
      const entry = get(seq);
      if (entry === undefined) continue;
      forget(entry);
      droppedThrough = seq;
    }
  };

  const keep = (entry: Entry): Entry => {
    newest = entry.seq;
    const place = placeOf(newest);
    const displaced = sizes[place] ?? free;
    if (displaced !== free) {
      bytes -= displaced;
      droppedThrough = newest - capacity;
    }
    const size = sizeOf(entry);
    ring[place] = entry;
    sizes[place] = size;
    bytes += size;
    if (bytes > limits.bytes) trim();
    changed();
    return entry;
  };
  const finish = (entry: Entry, { state, notes, reply }: Outcome): void => {
    entry.eventsAfter = options.newestEvent?.() ?? 0;
    entry.durationMs = options.monotonicMs() - entry.startedMs;
    entry.state = state;
    if (notes !== undefined) entry.notes = notes;
    if (reply !== undefined) {
      entry.reply = reply;
      if (get(entry.seq) === entry) {
        const added = reply.body.length;
        sizes[placeOf(entry.seq)] = (sizes[placeOf(entry.seq)] ?? 0) + added;
        bytes += added;
        if (bytes > limits.bytes) trim();
      }
    }
    const { seq, protocol, operation, subject } = entry;
    options.onCompleted?.({ entry: seq, protocol, operation, subject, state, status: reply?.status });
    changed();
  };

  return {
    list: () => ring.filter((entry) => entry !== undefined).sort((a, b) => a.seq - b.seq),
    get,
    get newest() {
      return newest;
    },
    get droppedThrough() {
      return droppedThrough;
    },
    keep,
    finish,
    forget,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const free = -1;

/** Returns the bytes of what a client can make long. */
function sizeOf({ request }: Entry): number {
  let size = (request.body?.byteLength ?? 0) + request.url.length;
  for (let at = 0; at < request.headers.length; at += 1) size += request.headers[at]?.length ?? 0;
  return size;
}
