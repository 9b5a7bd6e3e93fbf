/** Keeps the entries of the journal: bounded, in the order of receipt. */
import type { Reply } from '../../http/reply.ts';
import type { Entry } from './entry.ts';
import type { EntryReader } from './read-entry.ts';

/** Limits of the journal. */
export interface JournalLimits {
  readonly entries: number;
  /** Of bodies, of requests and replies together. */
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
  onCompleted?(entry: Entry): void;
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
  /** In insertion order, which is the order of sequence numbers. */
  readonly entries: ReadonlyMap<number, Entry>;
  readonly newest: number;
  readonly droppedThrough: number;
  /** Adds an entry. */
  keep(entry: Entry): Entry;
  /** Completes an entry, which may have been dropped meanwhile. */
  finish(entry: Entry, outcome: Outcome): void;
  forget(entry: Entry): void;
  /** Calls a listener when an entry was added or completed; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

/** Makes a log of entries without any. */
export function makeEntryLog(options: JournalOptions): EntryLog {
  const { limits = defaultLimits } = options;
  const entries = new Map<number, Entry>();
  const listeners = new Set<() => void>();
  let newest = 0;
  let droppedThrough = 0;
  let bytes = 0;

  const changed = (): void => {
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  const forget = (entry: Entry): void => {
    if (entries.delete(entry.seq)) bytes -= sizeOf(entry);
  };
  const trim = (): void => {
    if (entries.size <= limits.entries && bytes <= limits.bytes) return;
    for (const entry of entries.values()) {
      if (entries.size <= limits.entries && bytes <= limits.bytes) return;
      forget(entry);
      droppedThrough = entry.seq;
    }
  };

  const keep = (entry: Entry): Entry => {
    newest = entry.seq;
    entries.set(entry.seq, entry);
    bytes += sizeOf(entry);
    trim();
    changed();
    return entry;
  };
  const finish = (entry: Entry, outcome: Outcome): void => {
    if (entries.has(entry.seq)) bytes -= sizeOf(entry);
    entry.eventsAfter = options.newestEvent?.() ?? 0;
    entry.durationMs = options.monotonicMs() - entry.startedMs;
    entry.state = outcome.state;
    if (outcome.notes !== undefined) entry.notes = outcome.notes;
    if (outcome.reply !== undefined) entry.reply = outcome.reply;
    if (entries.has(entry.seq)) bytes += sizeOf(entry);
    trim();
    options.onCompleted?.(entry);
    changed();
  };

  return {
    entries,
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

function sizeOf({ request, reply }: Entry): number {
  return (request.body?.byteLength ?? 0) + request.url.length + (reply?.body.length ?? 0);
}
