/** The journal: every vendor request with its reply, bounded, in the order of receipt. */
import type { Reply } from '../../http/reply.ts';
import { targetAuthority } from '../../http/server.ts';
import type { Exchange, Interceptor, Send } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selectable, type Selector } from '../selector/selector.ts';

/** What became of a request. `aborted`: the client left; `dropped`: a fault closed the connection or wrote something else. */
export type EntryState = 'pending' | 'answered' | 'aborted' | 'dropped';

/** One request as kept. It is rendered only when it is read, so that keeping it costs little. */
export interface Entry {
  readonly seq: number;
  /** Wall time of receipt, ms since 1970. */
  readonly atMs: number;
  /** For its duration, ms on a clock of its own. */
  readonly startedMs: number;
  readonly direction: 'in' | 'out';
  readonly protocol: string;
  readonly operation: string;
  readonly tenant?: string | undefined;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
  /** Address of the client; undefined for what the server sent. */
  readonly client?: string | undefined;
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** Of an absolute-form target. */
    readonly authority: string | undefined;
    /** Names and values, alternating, as on the wire. */
    readonly headers: readonly string[];
    readonly body: Uint8Array | undefined;
  };
  state: EntryState;
  reply?: Reply;
  durationMs?: number;
  /** Id of the fault that fired on it. */
  fault?: string;
  notes?: readonly string[];
}

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

/** Makes a journal. `wallMs` stamps entries, `monotonicMs` measures them; `onCompleted` is called once per entry. */
export function makeJournal(
  clocks: { wallMs(): number; monotonicMs(): number; onCompleted?(entry: Entry): void },
  limits: JournalLimits = defaultLimits,
): Journal {
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
    const entry = entryOf(exchange, newest, clocks);
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
    entry.durationMs = clocks.monotonicMs() - entry.startedMs;
    if (typeof reply === 'function') entry.state = 'dropped';
    else {
      entry.reply = reply;
      entry.state = exchange.request.raw.socket.destroyed ? 'aborted' : 'answered';
    }
    if (entries.has(entry.seq)) bytes += sizeOf(entry);
    trim();
    clocks.onCompleted?.(entry);
    changed();
    return reply;
  };

  return {
    interceptor: { before: add, after: complete },
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
        if (entry.seq > after && isSelected(selectableOf(entry), selector)) found.push(entry);
      }
      return {
        entries: found,
        cursor: found.at(-1)?.seq ?? Math.max(after, newest),
        gap: after < droppedThrough,
      };
    },
    remove(selector) {
      const found = [...entries.values()].filter((entry) => isSelected(selectableOf(entry), selector));
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
  { wallMs, monotonicMs }: { wallMs(): number; monotonicMs(): number },
): Entry {
  const { tenant, group, holder } = subject;
  return {
    seq,
    atMs: wallMs(),
    startedMs: monotonicMs(),
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

/** Returns what a selector is compared with. */
export function selectableOf(entry: Entry): Selectable {
  const { protocol, tenant, group, holder, operation, direction } = entry;
  return {
    protocol,
    tenant,
    group,
    holder,
    operation,
    direction,
    status: entry.reply?.status,
    answered: entry.state === 'answered',
    body: () => decodedBody(entry.request.body),
  };
}

/** Returns a body as JSON, a form, or text; undefined if there is none, and for bytes that are not UTF-8. */
export function decodedBody(body: Uint8Array | undefined): unknown {
  if (body === undefined || body.byteLength === 0) return undefined;
  const text = textOf(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return /^[^\s={["]+=/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : text;
  }
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
