/** Takes a connection over from Node's parser after that refused its input, and has the input parsed again in another form. */
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A connection ends after its client has read nothing of a last reply for so long, ms. */
const stallMs = 30_000;

const newline = 0x0a;

/** What Node tells about a request that it could not parse. */
export interface ParseError {
  readonly code: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: unknown;
}

/** Connections that are no longer Node's, and the streams that took their place. */
const takenOver = new WeakSet<Duplex>();

/** Whether a connection, or the stream in its place, has been taken over. */
export function isTakenOver(socket: Duplex): boolean {
  return takenOver.has(socket);
}

/** A socket, and the response that Node is sending on it. */
type Responding = Socket & { readonly _httpMessage?: unknown };

/** A request that Node's parser refused, and that may be parsed again. */
export interface RefusedRequest {
  readonly socket: Socket;
  readonly code: string;
  /** What arrived last, which begins with the request. */
  readonly packet: Buffer;
  /** Where in the packet the parser stopped. */
  readonly at: number;
}

/**
 * Returns the request that Node's parser refused; undefined if it did not begin in the packet that was refused, or follows a request
 * whose reply is still to come.
 */
export function refusedRequest(error: ParseError, socket: Duplex): RefusedRequest | undefined {
  const { code, rawPacket: packet, bytesParsed: at = 0 } = error;
  if (!Buffer.isBuffer(packet) || !(socket instanceof Socket) || takenOver.has(socket)) return undefined;
  if (!/^[A-Z]+ (?:\/|https?:)/.test(packet.subarray(0, 20).toString('latin1'))) return undefined;
  // A head that ended before that point is one of a request before it.
  const parsed = packet.subarray(0, at).toString('latin1');
  if (parsed.includes('\r\n\r\n') || ((socket as Responding)._httpMessage ?? null) !== null) return undefined;
  return { socket, code, packet, at };
}

/** Whether a refused request was refused within its first line. */
export function isInFirstLine({ packet, at }: RefusedRequest): boolean {
  return !packet.subarray(0, at).includes(newline);
}

/**
 * Serves a refused request as the last one of its connection. `pass` returns what of successive pieces of input is parsed instead.
 * The stream that took the place of the socket is `socket` of the request then.
 */
export function takeOver(server: Server, { socket, packet }: RefusedRequest, pass: Pass): void {
  const stream = replace(socket, pass);
  server.emit('connection', stream);
  // The parser of the stream has its listeners now.
  socket.emit('data', packet);
  socket.resume();
}

export type Pass = (bytes: Buffer) => Buffer;

/** Returns a stream that reads and writes in place of a socket. */
function replace(socket: Socket, pass: Pass): Duplex {
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

export const endOfHead = '\r\n\r\n';

/** Returns whether more of a head has to be waited for. */
export function isHeadIncomplete(head: Buffer): boolean {
  return !head.includes(endOfHead) && head.length <= maxHeadBytes;
}
