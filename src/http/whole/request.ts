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

const requestLine = /^(GET|POST|PUT) (\/[!-~]*) HTTP\/1\.1$/;
const versionLength = ' HTTP/1.1'.length;
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
  const end = text.indexOf('\r\n\r\n');
  const lineEnd = text.indexOf('\r\n');
  if (end === -1 || end === lineEnd) return undefined;
  const [, method] = requestLine.exec(text.slice(0, lineEnd)) ?? [];
  if (method === undefined) return undefined;
  const isKnown = known !== undefined && known.text === text.slice(lineEnd + 2, end);
  // The URL and the headers are copies: leases and the journal keep parts of them, and a part of `text` would keep all of it in memory.
  const head = isKnown ? known : readHead(piece.toString('latin1', lineEnd + 2, end));
  if (head === undefined) return undefined;
  const url = piece.toString('latin1', method.length + 1, lineEnd - versionLength);
  const { headers, rawHeaders, bodyBytes = 0 } = head;
  const body = piece.subarray(end + 4);
  if (body.length !== bodyBytes || (method === 'GET' && head.bodyBytes !== undefined)) return undefined;
  return {
    // Not the part of the text: the journal keeps it.
    method: method === 'GET' ? 'GET' : method === 'POST' ? 'POST' : 'PUT',
    ...{ url, headers, rawHeaders, body, text, bodyAt: end + 4, socket, head },
    complete: true,
    destroyed: false,
  };
}

function readHead(text: string): Head | undefined {
  const lines = text.split('\r\n');
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
