/** An entry of the journal, as kept. */
import type { Reply } from '../../http/reply.ts';
import type { Subject } from '../../protocols/kit/operation.ts';

/** What became of a request. `aborted`: the client left, or gave no reply to what the server sent; `dropped`: a fault closed the connection or wrote something else. */
export type EntryState = 'pending' | 'answered' | 'aborted' | 'dropped';

/**
 * One request as kept. It has all its members from the start, as adding them later would cost more than they do, and no fractions or
 * dates, as each of them would be an object: its times are kept beside it.
 */
export interface KeptEntry {
  readonly seq: number;
  /** Cursor of the newest event at receipt, and at the reply: what came between may be due to the request. */
  readonly eventsBefore: number;
  eventsAfter: number | undefined;
  readonly direction: 'in' | 'out';
  readonly protocol: string;
  readonly operation: string;
  readonly subject: Subject;
  /** Address of the client; undefined for what the server sent. */
  readonly client: string | undefined;
  readonly method: string;
  readonly url: string;
  /** Of an absolute-form target. */
  readonly authority: string | undefined;
  /** Names and values, alternating, as on the wire. */
  readonly headers: readonly string[];
  /** Text: the whole request as Latin-1. It costs less to keep than a view of bytes. */
  readonly body: Uint8Array | string | undefined;
  /** Where the body begins in a text. */
  readonly bodyAt: number;
  state: EntryState;
  reply: Reply | undefined;
  /** Id of the fault that fired on it. */
  fault: string | undefined;
  notes: readonly string[] | undefined;
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
  readonly request: Pick<KeptEntry, 'method' | 'url' | 'authority' | 'headers'> & {
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
  const { seq, eventsBefore, eventsAfter, direction, protocol, operation, subject, client } = kept;
  const { method, url, authority, headers, body, bodyAt, state, reply, fault, notes } = kept;
  return {
    ...{ seq, eventsBefore, eventsAfter, direction, protocol, operation, subject, client },
    atMs,
    leaseMs: Number.isNaN(leaseMs) ? undefined : leaseMs,
    durationMs: Number.isNaN(durationMs) ? undefined : durationMs,
    request: {
      ...{ method, url, authority, headers },
      body: typeof body === 'string' ? Buffer.from(body.slice(bodyAt), 'latin1') : body,
    },
    ...{ state, reply, fault, notes },
  };
}

/** Returns the bytes of what a client can make long. */
export function sizeOf({ body, url, headers }: KeptEntry): number {
  // Headers and URL are parts of the text.
  if (typeof body === 'string') return body.length;
  let size = (body?.byteLength ?? 0) + url.length;
  for (let at = 0; at < headers.length; at += 1) size += headers[at]?.length ?? 0;
  return size;
}
