/** Replies to what is not an HTTP request that can be served: malformed requests, TLS without TLS=auto, and CONNECT. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Notices } from '../tls/notices.ts';

/** First byte of a TLS handshake; no HTTP request begins with it. */
export const tlsHandshake = 0x16;

/** Returns the listener that replies to bytes that are not an HTTP request, and ends the connection. */
export function makeReplyToUnreadable(
  notices: Notices,
): (error: NodeJS.ErrnoException & { rawPacket?: unknown }, socket: Duplex) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { rawPacket } = error;
    if (Buffer.isBuffer(rawPacket) && rawPacket[0] === tlsHandshake)
      notices.warn('tls', {}, 'TLS client refused: set TLS=auto to serve https:// endpoints');
    if (error.code === 'HPE_HEADER_OVERFLOW') {
      endWith(socket, '431 Request Header Fields Too Large', 'the headers are too large');
    } else {
      endWith(socket, '400 Bad Request', 'malformed HTTP request');
    }
  };
}

/** Returns the listener that refuses tunnels, which clients request from a proxy when their endpoint begins with https://. */
export function makeRefuseTunnel(notices: Notices): (request: IncomingMessage, socket: Duplex) => void {
  return ({ url = '' }, socket) => {
    notices.warn(
      'tunnel',
      { target: url.slice(0, 300) },
      'CONNECT refused: set TLS=auto to serve https:// endpoints',
    );
    const reason = 'CONNECT is not supported without TLS=auto; or use an endpoint that begins with http://';
    endWith(socket, '405 Method Not Allowed', reason, 'allow: GET, POST, PUT, DELETE, OPTIONS\r\n');
  };
}

/** Maximum time for a client to read its last reply and close the connection, ms. */
const goodbyeMs = 2_000;

/** Sends a last reply and ends the connection. */
export function endWith(socket: Duplex, status: string, reason: string, headers = ''): void {
  const body = JSON.stringify({ error: reason });
  socket.on('error', () => {});
  // Unread input would keep the connection open.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
}
