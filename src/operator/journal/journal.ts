/** The journal: every vendor request with its reply, bounded, in the order of receipt. */
import type { Reply } from '../../http/reply.ts';
import { targetAuthority } from '../../http/server.ts';
import type { Exchange, Interceptor, Send } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selector } from '../selector/selector.ts';
import type { Entry } from './entry.ts';
import { type EntryReader, plainReader, selectableOf } from './read-entry.ts';

/** Why a reader may not see all that matched. */
export interface JournalPage {
  readonly entries: readonly Entry[];
  /** The cursor of the next page: the sequence number of the last entry. */
  readonly cursor: number;
  /** Entries after the cursor that was asked for were dropped already. */
  readonly gap: boolean;
}

export interface JournalQuery {
  readonly selector: Selector;
  /** Only entries with a greater sequence number. */
  readonly after?: number;
  readonly limit: number;
  readonly order?: 'oldest' | 'newest';
}

export interface Journal {
  readonly interceptor: Interceptor;
  /** Explains entries. */
  readonly reader: EntryReader;
  read(query: JournalQuery): JournalPage;
  get(seq: number): Entry | undefined;
  /** Removes what matches; returns how many entries that were. */
  remove(selector: Selector): number;
  /** Sequence number of the newest entry; 0 before the first. */
  readonly newest: number;
  /** Sequence number of the newest entry that was dropped for space; 0: none. */
  readonly droppedThrough: number;
  /** Calls a listener when an entry was added or completed; returns how to stop that. */
  onChange(listener: () => void): () => void;
  /** Labels the entry of an exchange with the fault that fired. */
  markFault(exchange: Exchange, fault: string): void;
}

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

/** Makes a journal. */
export function makeJournal(options: JournalOptions): Journal {
  const { limits = defaultLimits, reader = plainReader } = options;
  /** In insertion order, which is the order of sequence numbers. */
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

  const add = (exchange: Exchange): undefined => {
    newest += 1;
    const entry = entryOf(exchange, newest, options);
    entries.set(entry.seq, entry);
    bytes += sizeOf(entry);
    exchange.kept[slot] = entry;
    trim();
    changed();
  };
  const complete = (exchange: Exchange, reply: Reply | Send): Reply | Send => {
    // A request may be refused before it is shown to interceptors.
    if (exchange.kept[slot] === undefined) add(exchange);
    // The journal alone writes there.
    const entry = exchange.kept[slot] as Entry;
    if (entries.has(entry.seq)) bytes -= sizeOf(entry);
    if (exchange.notes !== undefined) entry.notes = exchange.notes;
    entry.eventsAfter = options.newestEvent?.() ?? 0;
    entry.durationMs = options.monotonicMs() - entry.startedMs;
    if (typeof reply === 'function') entry.state = 'dropped';
    else {
      entry.reply = reply;
      entry.state = exchange.request.raw.socket.destroyed ? 'aborted' : 'answered';
    }
    if (entries.has(entry.seq)) bytes += sizeOf(entry);
    trim();
    options.onCompleted?.(entry);
    changed();
    return reply;
  };

  return {
    interceptor: { before: add, after: complete },
    reader,
    get newest() {
      return newest;
    },
    get droppedThrough() {
      return droppedThrough;
    },
    get: (seq) => entries.get(seq),
    read({ selector, after = 0, limit, order = 'oldest' }) {
      const all = order === 'oldest' ? [...entries.values()] : [...entries.values()].reverse();
      const found: Entry[] = [];
      for (const entry of all) {
        if (found.length >= limit) break;
        if (entry.seq > after && isSelected(selectableOf(entry, reader), selector)) found.push(entry);
      }
      return {
        entries: found,
        cursor: found.at(-1)?.seq ?? Math.max(after, newest),
        gap: after < droppedThrough,
      };
    },
    remove(selector) {
      const found = [...entries.values()].filter((entry) =>
        isSelected(selectableOf(entry, reader), selector),
      );
      for (const entry of found) forget(entry);
      return found.length;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    markFault(exchange, fault) {
      const entry = exchange.kept[slot] as Entry | undefined;
      if (entry !== undefined) entry.fault = fault;
    },
  };
}

const slot = 'journal';

function entryOf(
  { protocol, operation, subject, request }: Exchange,
  seq: number,
  options: JournalOptions,
): Entry {
  const { tenant, group, holder } = subject;
  return {
    seq,
    atMs: options.wallMs(),
    leaseMs: tenant === undefined ? undefined : options.leaseMs?.(tenant),
    eventsBefore: options.newestEvent?.() ?? 0,
    startedMs: options.monotonicMs(),
    direction: 'in',
    protocol,
    operation: operation.name,
    tenant,
    group,
    holder,
    client: request.clientAddress,
    request: {
      method: request.method,
      url: request.raw.url ?? '',
      // Not from `Host` yet: to read one header is to parse all.
      authority: targetAuthority(request),
      headers: request.raw.rawHeaders,
      body: request.body instanceof Uint8Array ? request.body : undefined,
    },
    state: 'pending',
  };
}

function sizeOf({ request, reply }: Entry): number {
  return (request.body?.byteLength ?? 0) + request.url.length + (reply?.body.length ?? 0);
}
