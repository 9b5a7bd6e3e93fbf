/** How a protocol explains its exchanges to people: decoded bodies, and what a call did. Asked only when somebody reads an entry of the journal. */
import type { LeaseEvent } from '../../store/store.ts';
import type { Subject } from './operation.ts';

/** Larger bodies, decompressed, are shown as they were sent, bytes. */
export const maxReadBytes = 256 * 1_024;

/** A body with the headers that say how it is written, by their lower-case names. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A call and its reply, decoded. */
export interface ReadExchange {
  readonly operation: string;
  readonly subject: Subject;
  /** As on the wire: path and query. */
  readonly url: string;
  readonly request: unknown;
  readonly reply: { readonly status: number; readonly body: unknown };
  /** Changes of leases of the same tenant and holder while the call ran. */
  readonly leases: readonly { readonly type: string; readonly group: string }[];
}

/** What a call did, in few members: `{"renewed": true, "held": [0, 1], "revoked": [2]}`. */
export type Meaning = Readonly<Record<string, unknown>>;

export interface Reader {
  /** Returns the value of a body that is in a form of the protocol's own; undefined for any other. May throw for bytes that are not in that form. */
  decode?(this: void, encoded: EncodedBody): unknown;
  /** Returns the type of the event that a change of a lease is in the protocol's own terms, such as `presence.join`; undefined: none. */
  eventOf?(this: void, type: LeaseEvent['type']): string | undefined;
  /** Returns what a call did; undefined for calls that only read. */
  meaning?(this: void, exchange: ReadExchange): Meaning | undefined;
}

/** Returns a member of a decoded body; undefined for anything that has no such member. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
