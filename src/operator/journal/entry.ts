/** An entry of the journal, as kept. */
import type { HeaderList, Reply } from '../../http/reply.ts';
import type { Subject } from '../../protocols/kit/operation.ts';

/** What became of a request. `aborted`: the client left, or gave no reply to what the server sent; `dropped`: a fault closed the connection or wrote something else. */
export type EntryState = 'pending' | 'answered' | 'aborted' | 'dropped';

/**
 * One request as kept. It has all its members from the start, as adding them later would cost more than they do, and refers to no objects
 * but strings, lists that requests share, and bytes. It has no fractions or dates either, as each of them would be an object: its times
 * are kept beside it. What it can read from the text of the request, it does not keep.
 *
 * A class, as V8 allocates literals that survive in numbers with the old objects. What those refer to lives on after them until all of
 * memory is collected.
 */
export class KeptEntry {
  readonly seq: number;
  /** Cursor of the newest event at receipt, and at the reply: what came between may be due to the request. */
  readonly eventsBefore: number;
  eventsAfter: number | undefined = undefined;
  direction: 'in' | 'out' = 'in';
  protocol = '';
  operation = '';
  tenant: string | undefined = undefined;
  group: string | undefined = undefined;
  holder: string | undefined = undefined;
  /** Address of the client; undefined for what the server sent. */
  client: string | undefined = undefined;
  method = '';
  /** Undefined: it is in the text. */
  url: string | undefined = undefined;
  /** Of an absolute-form target. */
  authority: string | undefined = undefined;
  /** Names and values, alternating, as on the wire. */
  headers: readonly string[] = [];
  body: Uint8Array | undefined = undefined;
  /** The whole request as Latin-1, where it arrived in one piece. It costs less to keep than a view of bytes. */
  text: string | undefined = undefined;
  /** Where the body begins in the text. */
  bodyAt = 0;
  state: EntryState = 'pending';
  /** Of the reply; undefined: there is none. */
  status: number | undefined = undefined;
  replyHeaders: HeaderList = [];
  replyBody: Reply['body'] = '';
  /** Id of the fault that fired on it. */
  fault: string | undefined = undefined;
  notes: readonly string[] | undefined = undefined;

  constructor(seq: number, eventsBefore: number) {
    this.seq = seq;
    this.eventsBefore = eventsBefore;
  }
}

/** One request as read. */
export interface Entry {
  readonly seq: number;
  /** Wall time of receipt, ms since 1970. */
  readonly atMs: number;
  /** The tenant's lease clock at receipt, ms; undefined where this process does not keep that clock, or there was no tenant. */
  readonly leaseMs?: number | undefined;
  readonly eventsBefore: number;
  readonly eventsAfter: number | undefined;
  readonly direction: 'in' | 'out';
  readonly protocol: string;
  readonly operation: string;
  readonly subject: Subject;
  readonly client: string | undefined;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly authority: string | undefined;
    readonly headers: readonly string[];
    readonly body: Uint8Array | undefined;
  };
  readonly state: EntryState;
  readonly reply: Reply | undefined;
  readonly durationMs: number | undefined;
  readonly fault: string | undefined;
  readonly notes: readonly string[] | undefined;
}

/** Times of an entry, ms; not a number: unknown. */
export interface EntryTimes {
  readonly atMs: number;
  readonly leaseMs: number;
  readonly durationMs: number;
}

/** Returns an entry for its readers. */
export function readKept(kept: KeptEntry, { atMs, leaseMs, durationMs }: EntryTimes): Entry {
  const { seq, eventsBefore, eventsAfter, direction, protocol, operation, client } = kept;
  const { method, authority, headers, text, bodyAt, state, fault, notes } = kept;
  return {
    ...{ seq, eventsBefore, eventsAfter, direction, protocol, operation, client },
    subject: subjectOf(kept),
    atMs,
    leaseMs: Number.isNaN(leaseMs) ? undefined : leaseMs,
    durationMs: Number.isNaN(durationMs) ? undefined : durationMs,
    request: {
      ...{ method, authority, headers },
      url: urlOf(kept),
      body: text === undefined ? kept.body : Buffer.from(text.slice(bodyAt), 'latin1'),
    },
    reply: replyOf(kept),
    ...{ state, fault, notes },
  };
}

function subjectOf({ tenant, group, holder }: KeptEntry): Subject {
  return { tenant, group, holder };
}

function replyOf({ status, replyHeaders: headers, replyBody: body }: KeptEntry): Reply | undefined {
  return status === undefined ? undefined : { status, headers, body };
}

function urlOf({ url, text = '', method }: KeptEntry): string {
  const start = method.length + 1;
  return url ?? text.slice(start, text.indexOf(' ', start));
}

/** Completes an entry. */
export function complete(entry: KeptEntry, state: EntryState, reply: Reply | undefined): void {
  entry.state = state;
  if (reply === undefined) return;
  entry.status = reply.status;
  entry.replyHeaders = reply.headers;
  entry.replyBody = reply.body;
}

/** Returns an entry without what a client can make long. */
export function withoutText({
  seq,
  protocol,
  operation,
  tenant,
  group,
  holder,
  state,
  status,
}: KeptEntry): KeptEntry {
  return Object.assign(new KeptEntry(seq, 0), { protocol, operation, tenant, group, holder, state, status });
}

/** Returns the bytes of what a client can make long, before the reply. */
export function sizeOf({ text, body, url, headers }: KeptEntry): number {
  // Headers and URL are parts of the text.
  if (text !== undefined) return text.length;
  let size = (body?.byteLength ?? 0) + (url?.length ?? 0);
  for (let at = 0; at < headers.length; at += 1) size += headers[at]?.length ?? 0;
  return size;
}
