/** The journal: every vendor request with its reply, bounded, in the order of receipt. */
import type { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import type { Exchange, Interceptor, Outgoing, Send } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selector } from '../selector/selector.ts';
import type { Entry, KeptEntry } from './entry.ts';
import { type EntryLog, type JournalOptions, makeEntryLog } from './entry-log.ts';
import { entryOf, outgoingEntry, refusedEntry } from './new-entries.ts';
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
  /** Keeps a message that a fault did not let out. */
  keepLost<Result>(message: Outgoing<Result>): void;
  /** Keeps what was refused before it was a request of a protocol. */
  keepRefused(refusal: Refusal): void;
}

/** Makes a journal. */
export function makeJournal(options: JournalOptions): Journal {
  const { reader = plainReader, events, monotonicMs } = options;
  const kept = makeEntryLog(options);
  const { keep, finish } = kept;

  const add = (exchange: Exchange): undefined => {
    exchange.entry = keep(entryOf(exchange, kept.newest + 1, events?.newest ?? 0));
  };
  const complete = (exchange: Exchange, reply: Reply | Send): Reply | Send => {
    // A request may be refused before it is shown to interceptors.
    if (exchange.entry === undefined) add(exchange);
    // The journal alone writes there.
    const entry = exchange.entry as KeptEntry;
    if (exchange.notes !== undefined) entry.notes = exchange.notes;
    const tookMs = exchange.reply.elapsedTime;
    if (typeof reply === 'function') finish(entry, 'dropped', undefined, tookMs);
    else finish(entry, exchange.request.raw.socket.destroyed ? 'aborted' : 'answered', reply, tookMs);
    return reply;
  };
  const keepOutgoing = <Result>(message: Outgoing<Result>): KeptEntry =>
    keep(outgoingEntry(message, kept.newest + 1, events?.newest ?? 0));

  return {
    interceptor: {
      before: add,
      after: complete,
      async outgoing(message, send) {
        const entry = keepOutgoing(message);
        const startedMs = monotonicMs();
        const result = await send();
        const tookMs = monotonicMs() - startedMs;
        const outcome = message.outcomeOf(result);
        if ('failure' in outcome) {
          entry.notes = [outcome.failure];
          finish(entry, 'aborted', undefined, tookMs);
        } else finish(entry, 'answered', { status: outcome.status, headers: [], body: outcome.body }, tookMs);
        return result;
      },
    },
    keepLost: (message) => finish(keepOutgoing(message), 'dropped', undefined, 0),
    keepRefused: (refusal) => {
      const { notes, reply } = refusal;
      const entry = refusedEntry(refusal, kept.newest + 1, events?.newest ?? 0);
      entry.notes = notes;
      finish(keep(entry), reply === undefined ? 'aborted' : 'answered', reply, 0);
    },
    reader,
    get newest() {
      return kept.newest;
    },
    get droppedThrough() {
      return kept.droppedThrough;
    },
    get: kept.get,
    read: (query) => pageOf(kept, reader, query),
    remove(selector) {
      const found = kept.list().filter((entry) => isSelected(selectableOf(entry, reader), selector));
      for (const { seq } of found) kept.forget(seq);
      return found.length;
    },
    onChange: kept.onChange,
    markFault(exchange, fault) {
      const entry = exchange.entry as KeptEntry | undefined;
      if (entry !== undefined) entry.fault = fault;
    },
  };
}

/** Returns the entries that a query selects, up to its limit. */
function pageOf(
  kept: EntryLog,
  reader: EntryReader,
  { selector, after = 0, limit, order = 'oldest' }: JournalQuery,
): JournalPage {
  const all = order === 'oldest' ? kept.list() : kept.list().reverse();
  const found: Entry[] = [];
  for (const entry of all) {
    if (found.length >= limit) break;
    if (entry.seq > after && isSelected(selectableOf(entry, reader), selector)) found.push(entry);
  }
  return {
    entries: found,
    cursor: found.at(-1)?.seq ?? Math.max(after, kept.newest),
    gap: after < kept.droppedThrough,
  };
}
