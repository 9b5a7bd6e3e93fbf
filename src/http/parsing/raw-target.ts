/**
 * Requests with bytes beyond ASCII, or spaces, in their target. Node's parser refuses them, whatever its leniencies are; some
 * clients send them as they are. UTF-8 is served; spaces get an error that the client understands.
 */
import type { Server } from 'node:http';
import {
  endOfHead,
  isHeadIncomplete,
  isInFirstLine,
  type Pass,
  type RefusedRequest,
  takeOver,
} from './take-over.ts';

const space = 0x20;

/**
 * Serves a request that Node's parser refused for the bytes of its target: encodes them, and has the request parsed again. Returns
 * false if it was refused for another reason.
 */
export function serveRawTarget(server: Server, request: RefusedRequest): boolean {
  if (!isInFirstLine(request) || !isRawAt(request)) return false;
  takeOver(server, request, passOneRequest());
  return true;
}

/** Whether the parser stopped at a byte beyond ASCII, or behind a space that it took for the end of the target. */
function isRawAt({ packet, code, at }: RefusedRequest): boolean {
  if (code === 'HPE_INVALID_URL') return (packet[at] ?? 0) >= 0x80;
  return code === 'HPE_INVALID_CONSTANT' && packet[at - 1] === space;
}

/**
 * Returns a function over successive pieces of a connection's input, which passes one request: its first line is encoded, and
 * it is the last request of the connection. What follows it is dropped, as no reply to it could be sent. A request whose end
 * is not stated by its head passes as it is, so that it is refused.
 */
function passOneRequest(): Pass {
  let head = Buffer.alloc(0);
  /** Bytes of the body to come; undefined: the head is not complete. */
  let left: number | undefined;
  return (bytes) => {
    if (left !== undefined) {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      return passed;
    }
    head = Buffer.concat([head, bytes]);
    if (isHeadIncomplete(head)) return Buffer.alloc(0);
    const end = head.indexOf(endOfHead);
    const text = head.toString('latin1', 0, end === -1 ? head.length : end + 2);
    const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i.exec(text)?.[1] ?? '0';
    if (end === -1 || /\r\ntransfer-encoding:/i.test(text)) {
      left = 0;
      return head;
    }
    const body = head.subarray(end + endOfHead.length, end + endOfHead.length + Number(length));
    left = Number(length) - body.length;
    return Buffer.concat([Buffer.from(`${encodeTarget(text)}Connection: close\r\n\r\n`, 'latin1'), body]);
  };
}

/**
 * Percent-encodes the bytes beyond ASCII of the first line of a head. A target with spaces is read differently by different
 * servers: it gets an invalid escape, so that the protocol of its path refuses it.
 */
function encodeTarget(head: string): string {
  const end = head.indexOf('\r\n');
  const line = head
    .slice(0, end)
    .replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  const { method, target, version } = spaced.exec(line)?.groups ?? {};
  if (target === undefined) return line + head.slice(end);
  const [path = '', query] = target.replaceAll(' ', '%20').split(/\?(.*)/s, 2);
  return `${method} ${path}%${query === undefined ? '' : `?${query}`} ${version}${head.slice(end)}`;
}

/** Whether a target, as a request has it, stands for one with spaces: its path ends with the escape that `encodeTarget` adds. */
export function hasRawSpaces(target: string): boolean {
  return /^[^?]*%(?:\?|$)/.test(target);
}

/** A first line with spaces in its target. */
const spaced = /^(?<method>[A-Z]+) (?<target>\S+ .*\S) (?<version>HTTP\/1\.[01])$/;
