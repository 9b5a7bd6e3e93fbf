/** The journal: every vendor request with its reply, bounded, in the order of receipt. */
import type { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { targetAuthority } from '../../http/server.ts';
import type { Exchange, Interceptor, Outgoing, Send } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selector } from '../selector/selector.ts';
import type { Entry } from './entry.ts';
import { type JournalOptions, makeEntryLog, type Outcome } from './entry-log.ts';
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
  const { reader = plainReader } = options;
  const kept = makeEntryLog(options);
  const { keep, finish } = kept;

  const add = (exchange: Exchange): undefined => {
    exchange.kept[slot] = keep(entryOf(exchange, kept.newest + 1, options));
  };
  const complete = (exchange: Exchange, reply: Reply | Send): Reply | Send => {
    // A request may be refused before it is shown to interceptors.
    if (exchange.kept[slot] === undefined) add(exchange);
    // The journal alone writes there.
    const entry = exchange.kept[slot] as Entry;
    const { notes } = exchange;
    if (typeof reply === 'function') finish(entry, { state: 'dropped', notes });
    else
      finish(entry, { state: exchange.request.raw.socket.destroyed ? 'aborted' : 'answered', notes, reply });
    return reply;
  };

  return {
    interceptor: {
      before: add,
      after: complete,
      async outgoing(message, send) {
        const entry = keep(outgoingEntry(message, kept.newest + 1, options));
        const result = await send();
        finish(entry, outcomeOf(message, result));
        return result;
      },
    },
    keepLost: (message) =>
      finish(keep(outgoingEntry(message, kept.newest + 1, options)), { state: 'dropped' }),
    keepRefused: (refusal) => {
      const { notes, reply } = refusal;
      const state = reply === undefined ? 'aborted' : 'answered';
      finish(keep(refusedEntry(refusal, kept.newest + 1, options)), {
        state,
        notes,
        ...(reply === undefined ? {} : { reply }),
      });
    },
    reader,
    get newest() {
      return kept.newest;
    },
    get droppedThrough() {
      return kept.droppedThrough;
    },
    get: kept.get,
    read({ selector, after = 0, limit, order = 'oldest' }) {
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
    },
    remove(selector) {
      const found = kept.list().filter((entry) => isSelected(selectableOf(entry, reader), selector));
      for (const entry of found) kept.forget(entry);
      return found.length;
    },
    onChange: kept.onChange,
    markFault(exchange, fault) {
      const entry = exchange.kept[slot] as Entry | undefined;
      if (entry !== undefined) entry.fault = fault;
    },
  };
}

const slot = 'journal';

/** What an entry has before its reply. */
const unanswered = {
  state: 'pending',
  eventsAfter: undefined,
  reply: undefined,
  durationMs: undefined,
  fault: undefined,
  notes: undefined,
} as const;

function outcomeOf<Result>(message: Outgoing<Result>, result: Result): Outcome {
  const outcome = message.outcomeOf(result);
  return 'failure' in outcome
    ? { state: 'aborted', notes: [outcome.failure] }
    : { state: 'answered', reply: { status: outcome.status, headers: [], body: outcome.body } };
}

function refusedEntry(
  { what, client, method, url, headers }: Refusal,
  seq: number,
  options: JournalOptions,
): Entry {
  return {
    seq,
    atMs: options.wallMs(),
    eventsBefore: options.newestEvent?.() ?? 0,
    startedMs: options.monotonicMs(),
    direction: 'in',
    protocol: 'none',
    operation: what,
    subject: {},
    client,
    request: { method, url, authority: undefined, headers, body: undefined },
    ...unanswered,
  };
}

function outgoingEntry<Result>(message: Outgoing<Result>, seq: number, options: JournalOptions): Entry {
  const { protocol, operation, subject, request, fault } = message;
  const { tenant } = subject;
  return {
    seq,
    atMs: options.wallMs(),
    leaseMs: tenant === undefined ? undefined : options.leaseMs?.(tenant),
    eventsBefore: options.newestEvent?.() ?? 0,
    startedMs: options.monotonicMs(),
    direction: 'out',
    ...{ protocol, operation, subject },
    request: { ...request, authority: undefined, body: Buffer.from(request.body) },
    ...unanswered,
    fault,
  };
}

function entryOf(
  { protocol, operation, subject, request }: Exchange,
  seq: number,
  options: JournalOptions,
): Entry {
  const { tenant } = subject;
  return {
    seq,
    atMs: options.wallMs(),
    leaseMs: tenant === undefined ? undefined : options.leaseMs?.(tenant),
    eventsBefore: options.newestEvent?.() ?? 0,
    startedMs: options.monotonicMs(),
    direction: 'in',
    protocol,
    operation: operation.name,
    subject,
    client: request.clientAddress,
    request: {
      method: request.method,
      url: request.raw.url ?? '',
      // Not from `Host` yet: to read one header is to parse all.
      authority: targetAuthority(request),
      headers: request.raw.rawHeaders,
      body: request.body instanceof Uint8Array ? request.body : undefined,
    },
    // Written out, as this is for every heartbeat.
    state: 'pending',
    eventsAfter: undefined,
    reply: undefined,
    durationMs: undefined,
    fault: undefined,
    notes: undefined,
  };
}
