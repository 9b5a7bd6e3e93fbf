/** A reply as data, and the one function that sends it. */
import type { FastifyReply } from 'fastify';

/** Lower-case names and their values, alternating. A list that is shared between replies is sent faster. */
export type HeaderList = readonly string[];

/** What an operation answers. Lists in `headers` leave out `content-length`, which follows from the body. */
export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | Uint8Array;
  /** How long the request was held until there was something to answer, ms; that says nothing about the server's speed. */
  readonly heldMs?: number;
}

/** Returns the headers of an object as a list. */
export function headerList(headers: Readonly<Record<string, string>>): HeaderList {
  return Object.entries(headers).flat();
}

/** Most replies have the headers and the length of the one before. */
let last = { headers: [] as HeaderList, length: 0, withLength: ['content-length', '0'] };

function withLength(headers: HeaderList, length: number): string[] {
  if (headers !== last.headers || length !== last.length)
    last = { headers, length, withLength: [...headers, 'content-length', String(length)] };
  return last.withLength;
}

/**
 * Sends a whole reply in one step, past Fastify's own reply. Fastify sets headers one by one and Node then validates each again,
 * which was an eighth of the work of a heartbeat; a list passed to `writeHead` is validated once. `onResponse` hooks run as
 * usual; `onSend` hooks do not. Headers set on the Fastify reply before are not sent.
 */
export function sendReply(reply: FastifyReply, { status, headers, body, heldMs }: Reply): void {
  if (heldMs !== undefined) reply.request.heldMs = heldMs;
  reply.hijack();
  if (typeof body !== 'string') {
    reply.raw.writeHead(status, withLength(headers, body.byteLength));
    reply.raw.end(body);
    return;
  }
  const length = Buffer.byteLength(body);
  reply.raw.writeHead(status, withLength(headers, length));
  // ASCII text has the same bytes in both encodings, and Latin-1 is written without conversion.
  reply.raw.end(body, length === body.length ? 'latin1' : 'utf8');
}
