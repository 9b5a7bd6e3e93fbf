/** What reaches a port and is refused before it is a request of a protocol. */
import type { Duplex } from 'node:stream';
import type { Reply } from './reply.ts';

/** What is refused, as `operation` of the journal. */
export const refusedNames = ['TLS handshake', 'CONNECT', 'malformed request', 'unrouted request'] as const;

/** A connection or a request that no protocol has seen. */
export interface Refusal {
  readonly what: (typeof refusedNames)[number];
  /** Address of the client; empty if it left before that was known. */
  readonly client: string;
  readonly method: string;
  /** The target, or what is known of it. */
  readonly url: string;
  /** Names and values, alternating. */
  readonly headers: readonly string[];
  /** Absent: the connection ended without one. */
  readonly reply?: Reply;
  /** Why it was refused and what to set, in sentences. */
  readonly notes: readonly string[];
}

/** Keeps refusals for readers of the journal. */
export type KeepRefusal = (refusal: Refusal) => void;

/** Returns the address of a connection's client, or an empty text. */
export const clientOf = (socket: Duplex): string =>
  String((socket as { readonly remoteAddress?: string }).remoteAddress ?? '').replace(/^::ffff:/, '');
