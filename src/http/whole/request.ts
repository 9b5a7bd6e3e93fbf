/**
 * Reads a request that arrived in one piece, without Node's parser: that and its two streams per request cost more than a heartbeat.
 * Only what has one reading is read: each header once, plain ASCII, no framing but by length. Everything else is left to Node.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** Larger pieces are left to Node, bytes. */
export const maxWholeBytes = 16_384;

/** The headers of a request. Clients repeat them, so that they are kept with the text they were read from. */
export interface Head {
  /** With the empty line at its end. */
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** Undefined: not stated. */
  readonly bodyBytes: number | undefined;
}

/** Has the members of Node's `IncomingMessage` that handlers of frequent routes use. */
export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** The whole request as Latin-1, and where its body begins in it. */
  readonly text: string;
  readonly bodyAt: number;
  readonly socket: Socket;
  readonly head: Head;
  readonly complete: true;
  readonly destroyed: false;
}

const methods = ['GET', 'POST', 'PUT'] as const;
const plainTarget = /^\/[!-~]*$/;
const version = ' HTTP/1.1\r\n';
const emptyLine = '\r\n\r\n';
/** Values have no control characters but tabs. */
const headerLine = /^([A-Za-z0-9-]+):[ \t]*([!-~](?:[\t -~]*[!-~])?)$/;
const contentLength = /^(?:0|[1-9]\d{0,5})$/;
/** Headers that change how a request is framed or what becomes of its connection. */
const foreign = new Set([
  ...['transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'http2-settings', 'proxy-connection'],
  // Node has a list for this one.
  'set-cookie',
]);
const maxHeaders = 100;

/**
 * Returns the request that a piece of input consists of; undefined if it has less, more, or anything unusual. `known`: the headers of
 * the last request of the connection.
 */
export function readWhole(piece: Buffer, socket: Socket, known: Head | undefined): WholeRequest | undefined {
  if (piece.length > maxWholeBytes) return undefined;
  const text = piece.toString('latin1');
  const method = methodOf(text);
  if (method === undefined) return undefined;
  const urlEnd = text.indexOf(' ', method.length + 1);
  if (urlEnd === -1 || !text.startsWith(version, urlEnd)) return undefined;
  // The URL and the headers are copies: leases and the journal keep parts of them, and a part of `text` would keep all of it in memory.
  const url = piece.toString('latin1', method.length + 1, urlEnd);
  if (!plainTarget.test(url)) return undefined;
  const start = urlEnd + version.length;
  const isKnown = known !== undefined && text.startsWith(known.text, start);
  const head = isKnown ? known : readHead(piece, start, text.indexOf(emptyLine, start));
  if (head === undefined) return undefined;
  const { headers, rawHeaders, bodyBytes = 0 } = head;
  const bodyAt = start + head.text.length;
  const body = piece.subarray(bodyAt);
  if (body.length !== bodyBytes || (method === 'GET' && head.bodyBytes !== undefined)) return undefined;
  const read = { method, url, headers, rawHeaders, body, text, bodyAt, socket, head } as const;
  return { ...read, complete: true, destroyed: false };
}

/** Not a part of the text: the journal keeps it. */
function methodOf(text: string): string | undefined {
  for (const method of methods)
    if (text.startsWith(method) && text.charCodeAt(method.length) === 0x20) return method;
  return undefined;
}

/** `end`: where the empty line begins; -1 if there is none. */
function readHead(piece: Buffer, start: number, end: number): Head | undefined {
  if (end === -1) return undefined;
  const text = piece.toString('latin1', start, end + emptyLine.length);
  const lines = text.slice(0, -emptyLine.length).split('\r\n');
  if (lines.length > maxHeaders) return undefined;
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const lower = name.toLowerCase();
    // A repeated header has several readings.
    if (foreign.has(lower) || Object.hasOwn(headers, lower)) return undefined;
    headers[lower] = value;
    rawHeaders.push(name, value);
  }
  const { host, connection, 'content-length': length } = headers;
  if (host === undefined || (connection !== undefined && !/^keep-alive$/i.test(connection))) return undefined;
  if (length !== undefined && !contentLength.test(length)) return undefined;
  return { text, headers, rawHeaders, bodyBytes: length === undefined ? undefined : Number(length) };
}
