/**
 * Requests with bytes beyond ASCII, or spaces, in their target. Node's parser refuses them, whatever its leniencies are; some
 * clients send them as they are. UTF-8 is served; spaces get an error that the client understands.
 */
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A connection ends after its client has read nothing of a last reply for so long, ms. */
const stallMs = 30_000;

const newline = 0x0a;
const space = 0x20;

/** Connections that are no longer Node's, and the streams that took their place. */
const takenOver = new WeakSet<Duplex>();

/** What Node tells about a request that it could not parse. */
interface ParseError {
  readonly code: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: unknown;
}

/** A socket, and the response that Node is sending on it. */
type Responding = Socket & { readonly _httpMessage?: unknown };

/**
 * Answers a request that Node's parser refused for the bytes of its target: encodes them, and parses the request again, as the
 * last one of its connection. Returns whether the error is dealt with. False: the request is refused for another reason, did
 * not begin in the packet that was refused, or follows a request whose reply is still to come.
 */
export function serveRawTarget(server: Server, error: ParseError, socket: Duplex): boolean {
  const { code, rawPacket, bytesParsed = 0 } = error;
  if (takenOver.has(socket)) return socket instanceof Socket;
  if (!Buffer.isBuffer(rawPacket) || !(socket instanceof Socket)) return false;
  const isFirst = !rawPacket.subarray(0, bytesParsed).includes(newline);
  const begins = /^[A-Z]+ (?:\/|https?:)/.test(rawPacket.subarray(0, 20).toString('latin1'));
  const isResponding = ((socket as Responding)._httpMessage ?? null) !== null;
  if (!isFirst || !begins || isResponding || !isRawAt(rawPacket, code, bytesParsed)) return false;
  const stream = takeOver(socket);
  server.emit('connection', stream);
  // The parser of the stream has its listeners now.
  socket.emit('data', rawPacket);
  socket.resume();
  return true;
}

/** Whether the parser stopped at a byte beyond ASCII, or behind a space that it took for the end of the target. */
function isRawAt(packet: Buffer, code: string, at: number): boolean {
  if (code === 'HPE_INVALID_URL') return (packet[at] ?? 0) >= 0x80;
  return code === 'HPE_INVALID_CONSTANT' && packet[at - 1] === space;
}

/** Returns a stream that reads and writes in place of a socket, for one request. */
function takeOver(socket: Socket): Duplex {
  const pass = passOneRequest();
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final(done) {
      socket.setTimeout(stallMs, () => socket.destroy());
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  Object.assign(stream, { remoteAddress, remotePort, localAddress, localPort });
  for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event);
  socket.on('data', (bytes: Buffer) => {
    const passed = pass(bytes);
    if (passed.length > 0 && !stream.push(passed)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.once('close', () => stream.destroy());
  stream.on('error', () => {});
  takenOver.add(socket).add(stream);
  return stream;
}

/** Longer than any head that the parser accepts. */
const maxHeadBytes = 128 * 1_024;

const endOfHead = '\r\n\r\n';

/**
 * Returns a function over successive pieces of a connection's input, which passes one request: its first line is encoded, and
 * it is the last request of the connection. What follows it is dropped, as no reply to it could be sent. A request whose end
 * is not stated by its head passes as it is, so that it is refused.
 */
function passOneRequest(): (bytes: Buffer) => Buffer {
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
    const end = head.indexOf(endOfHead);
    if (end === -1 && head.length <= maxHeadBytes) return Buffer.alloc(0);
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

/** A first line with spaces in its target. */
const spaced = /^(?<method>[A-Z]+) (?<target>\S+ .*\S) (?<version>HTTP\/1\.[01])$/;
