/** Keeps the entries of the journal: bounded, in the order of receipt. */
import type { Reply } from '../../http/reply.ts';
import type { Events } from '../events/events.ts';
import {
  complete,
  type Entry,
  type EntryState,
  type EntryTimes,
  type KeptEntry,
  readKept,
  sizeOf,
  withoutText,
} from './entry.ts';
import { type JournalLimits, makeEntryRing } from './entry-ring.ts';
import type { EntryReader } from './read-entry.ts';

export const defaultLimits: JournalLimits = { entries: 1_000, bytes: 16 * 1_024 * 1_024 };

/** What a journal is made with. */
export interface JournalOptions {
  /** Stamps entries. */
  wallMs(): number;
  /** Measures how long messages to applications take. */
  monotonicMs(): number;
  /** Returns a tenant's lease clock at once; absent or undefined: it is not known here. */
  leaseMs?(tenant: string): number | undefined;
  /** Where each request is an event when it is completed. */
  readonly events?: Pick<Events, 'newest' | 'appendRequest'>;
  readonly reader?: EntryReader;
  readonly limits?: JournalLimits;
}

export interface EntryLog {
  /** Returns what is kept, in the order of sequence numbers. */
  list(): Entry[];
  get(seq: number): Entry | undefined;
  readonly newest: number;
  readonly droppedThrough: number;
  /** Adds an entry, whose sequence number is the one after the newest, and returns it. */
  keep(entry: KeptEntry): KeptEntry;
  /** Completes an entry, which may have been dropped meanwhile, after so many ms. */
  finish(entry: KeptEntry, state: EntryState, reply: Reply | undefined, durationMs: number): void;
  forget(seq: number): void;
  /** Calls a listener when an entry was added or completed; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

/** The event of a request that took longer has its times read anew, ms. */
const briefMs = 1;
/** A larger entry is not kept for its event, bytes. */
const smallEntry = 4_096;

/** Makes a log of entries without any. */
export function makeEntryLog(options: JournalOptions): EntryLog {
  const { limits = defaultLimits, events } = options;
  const ring = makeEntryRing(limits);
  /** Of the entry in each place. */
  const atMs = new Float64Array(limits.entries);
  const leaseMs = new Float64Array(limits.entries);
  const durations = new Float64Array(limits.entries);
  const listeners = new Set<() => void>();

  const leaseMsOf = (tenant: string | undefined): number =>
    (tenant === undefined ? undefined : options.leaseMs?.(tenant)) ?? Number.NaN;
  const changed = (): void => {
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  const read = (entry: KeptEntry): Entry => {
    const place = ring.placeOf(entry.seq);
    const at = { atMs: atMs[place], leaseMs: leaseMs[place], durationMs: durations[place] };
    // Every place has them.
    return readKept(entry, at as EntryTimes);
  };
  const keep = (entry: KeptEntry): KeptEntry => {
    const place = ring.add(entry, sizeOf(entry));
    atMs[place] = options.wallMs();
    leaseMs[place] = leaseMsOf(entry.tenant);
    durations[place] = Number.NaN;
    ring.trim();
    changed();
    return entry;
  };
  /** Completes the entry of a place, and has an event of it. */
  const finishKept = (entry: KeptEntry, place: number, durationMs: number): void => {
    durations[place] = durationMs;
    const size = ring.grow(place, entry.replyBody.length);
    if (events === undefined) return;
    const event = size < smallEntry ? entry : withoutText(entry);
    // Most requests take less than the clocks can tell.
    if (durationMs < briefMs) events.appendRequest(event, atMs[place] ?? 0, leaseMs[place] ?? Number.NaN);
    else events.appendRequest(event, options.wallMs(), leaseMsOf(entry.tenant));
  };

  return {
    list: () => ring.list().map(read),
    get(seq) {
      const entry = ring.get(seq);
      return entry === undefined ? undefined : read(entry);
    },
    get newest() {
      return ring.newest;
    },
    get droppedThrough() {
      return ring.droppedThrough;
    },
    keep,
    finish(entry, state, reply, durationMs) {
      entry.eventsAfter = events?.newest ?? 0;
      complete(entry, state, reply);
      const place = ring.placeOf(entry.seq);
      if (ring.has(entry, place)) finishKept(entry, place, durationMs);
      else events?.appendRequest(withoutText(entry), options.wallMs(), leaseMsOf(entry.tenant));
      ring.trim();
      changed();
    },
    forget: ring.forget,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
