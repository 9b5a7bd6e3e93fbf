/** Replies to what is not an HTTP request that can be served: malformed requests and CONNECT. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** What is no HTTP gets an answer all the same, and then the connection ends. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    sayGoodbye(socket, '431 Request Header Fields Too Large', 'the headers are too large');
  } else {
    sayGoodbye(socket, '400 Bad Request', 'malformed HTTP request');
  }
}

/** A client that was told to use this server as its proxy asks for a tunnel when its endpoint is https. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  const reason = 'heartbeatd opens no tunnels: use an endpoint that begins with http://';
  sayGoodbye(socket, '405 Method Not Allowed', reason, 'allow: GET, POST, PUT, DELETE, OPTIONS\r\n');
}

/** How long a client may take to read its last answer and to go, ms. */
const goodbyeMs = 2_000;

/** A last answer on a connection that no request will come from any more. */
function sayGoodbye(socket: Duplex, status: string, reason: string, headers = ''): void {
  const body = JSON.stringify({ error: reason });
  socket.on('error', () => {});
  // What still comes is thrown away: unread, it would keep the connection from ever being over.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
}
