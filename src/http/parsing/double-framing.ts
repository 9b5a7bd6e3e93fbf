/**
 * Requests with two framings, as the SLS client for C++ sends its bodies: `Transfer-Encoding: chunked` and `Content-Length`. Node's
 * parser refuses them, because a proxy and a server that each follow another one would disagree where the request ends. Here both
 * must agree: the chunks are decoded, must be as long as the stated length, and are parsed by that length alone.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  endOfHead,
  isHeadIncomplete,
  isInFirstLine,
  type Pass,
  type RefusedRequest,
  takeOver,
} from './take-over.ts';
import { endWith } from './unreadable.ts';

/**
 * Serves a request that Node's parser refused because it has both framings. Returns false if it was refused for another reason. What
 * deviates from the client's form in any way gets 400.
 */
export function serveDoubleFraming(server: Server, request: RefusedRequest): boolean {
  if (request.code !== 'HPE_INVALID_CONTENT_LENGTH' || isInFirstLine(request)) return false;
  const { socket, packet, at } = request;
  if (!/\r\ntransfer-encoding[ \t]*:/i.test(packet.toString('latin1', 0, at))) return false;
  takeOver(
    server,
    request,
    passOneBody((reason) => refuse(socket, reason)),
  );
  return true;
}

function refuse(socket: Duplex, reason: string): void {
  socket.removeAllListeners('data');
  endWith(socket, '400 Bad Request', `malformed HTTP request: ${reason}`);
}

const nothing = Buffer.alloc(0);

/** Returns a function that passes one request, with its body by length; calls `onRefused` once if it cannot. */
function passOneBody(onRefused: (reason: string) => void): Pass {
  let head = nothing;
  let body: ChunkReader | undefined;
  const read = (chunks: ChunkReader, bytes: Buffer): Buffer => {
    const decoded = chunks.read(bytes);
    if (typeof decoded !== 'string') return decoded;
    onRefused(decoded);
    return nothing;
  };
  return (bytes) => {
    if (body !== undefined) return read(body, bytes);
    head = Buffer.concat([head, bytes]);
    if (isHeadIncomplete(head)) return nothing;
    const end = head.indexOf(endOfHead);
    const parsed = end === -1 ? undefined : parseHead(head.toString('latin1', 0, end));
    if (parsed === undefined) {
      onRefused('only the SLS client for C++ may send both Transfer-Encoding and Content-Length');
      return nothing;
    }
    body = makeChunkReader(parsed.length);
    const decoded = read(body, head.subarray(end + endOfHead.length));
    return Buffer.concat([Buffer.from(`${parsed.head}\r\nConnection: close${endOfHead}`, 'latin1'), decoded]);
  };
}

const firstLine = /^(?:POST|PUT) [!-~]+ HTTP\/1\.1$/;
/** Nothing before the colon but a name; no further line of a value, no control characters. */
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/;
const contentLength = /^\d{1,9}$/;
/** Headers that no request of the client has, and with which its body could be read differently. */
const foreign = new Set(['upgrade', 'te', 'trailer', 'content-encoding']);

const operatorPath = /^\/+(?:_heartbeatd|metrics|healthz|readyz)/i;

/** Whether a target belongs to the operator API, however it is spelt. */
function isOperatorTarget(target: string): boolean {
  try {
    return operatorPath.test(decodeURIComponent(target.replace(/^https?:\/\/[^/?#]*/i, '')));
  } catch {
    return true;
  }
}

/** Returns the head without its Transfer-Encoding, and the length of its body; undefined if it is not the client's. */
function parseHead(text: string): { readonly head: string; readonly length: number } | undefined {
  const [request = '', ...lines] = text.split('\r\n');
  if (!firstLine.test(request) || isOperatorTarget(request.split(' ')[1] ?? '')) return undefined;
  const values = new Map<string, string>();
  const kept = [request];
  for (const line of lines) {
    const [, name = '', value = ''] = headerLine.exec(line) ?? [];
    const lower = name.toLowerCase();
    // A repeated header has two readings as well.
    if (name === '' || values.has(lower) || foreign.has(lower)) return undefined;
    values.set(lower, value);
    if (lower === 'connection' && value !== 'close') return undefined;
    if (lower !== 'transfer-encoding' && lower !== 'connection') kept.push(line);
  }
  const length = values.get('content-length') ?? '';
  if (values.get('transfer-encoding') !== 'chunked' || !contentLength.test(length)) return undefined;
  return { head: kept.join('\r\n'), length: Number(length) };
}

interface ChunkReader {
  /** Returns the decoded part of the next bytes; a text says why they are refused. What follows the body is dropped. */
  read(bytes: Buffer): Buffer | string;
}

const sizeLine = /^[0-9A-Fa-f]{1,8}$/;
/** Longer than any size, with what ends it. */
const maxSizeLine = 10;

/** Returns a reader of chunks that together have `length` bytes; they have no extensions and no trailers. */
function makeChunkReader(length: number): ChunkReader {
  let input = nothing;
  let left = length;
  /** What the input begins with, and how much of a chunk is to come. */
  let expected: 'size' | 'data' | 'end of chunk' | 'end of body' | 'nothing' = 'size';
  let inChunk = 0;

  /** Takes a line. Returns undefined if it is not complete. */
  const takeLine = (): string | undefined => {
    const end = input.indexOf('\r\n');
    if (end === -1) return input.length > maxSizeLine ? 'no line' : undefined;
    const line = input.toString('latin1', 0, end);
    input = input.subarray(end + 2);
    return line;
  };
  const takeData = (): Buffer => {
    const data = input.subarray(0, inChunk);
    input = input.subarray(data.length);
    inChunk -= data.length;
    left -= data.length;
    if (inChunk === 0) expected = 'end of chunk';
    return data;
  };
  /** Returns why a line is refused. */
  const readLine = (line: string): string | undefined => {
    if (expected !== 'size') {
      expected = expected === 'end of body' ? 'nothing' : 'size';
      return line === '' ? undefined : 'invalid chunk';
    }
    if (!sizeLine.test(line)) return 'invalid chunk size';
    inChunk = Number.parseInt(line, 16);
    if (inChunk > left || (inChunk === 0 && left > 0)) return 'Content-Length and chunks differ';
    expected = inChunk === 0 ? 'end of body' : 'data';
    return undefined;
  };

  return {
    read(bytes) {
      if (expected === 'nothing') return nothing;
      input = Buffer.concat([input, bytes]);
      const decoded: Buffer[] = [];
      while (input.length > 0 && (expected as string) !== 'nothing') {
        if (expected === 'data') {
          decoded.push(takeData());
          continue;
        }
        const line = takeLine();
        if (line === undefined) break;
        const refusal = readLine(line);
        if (refusal !== undefined) return refusal;
      }
      return Buffer.concat(decoded);
    },
  };
}
