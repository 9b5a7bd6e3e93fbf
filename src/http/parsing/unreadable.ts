/** Replies to what is not an HTTP request that can be served: malformed requests, TLS without TLS=auto, and CONNECT. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clientOf, type KeepRefusal, type Refusal } from '../refusal.ts';
import { hostOfClientHello } from '../tls/client-hello.ts';
import type { Notices } from '../tls/notices.ts';

/** First byte of a TLS handshake; no HTTP request begins with it. */
export const tlsHandshake = 0x16;

/** Returns the listener that replies to bytes that are not an HTTP request, and ends the connection. */
export function makeReplyToUnreadable(
  notices: Notices,
  keepRefusal: KeepRefusal,
): (error: NodeJS.ErrnoException & { rawPacket?: unknown }, socket: Duplex) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket : noBytes;
    if (packet[0] === tlsHandshake)
      notices.warn('tls', {}, 'TLS client refused: set TLS=auto to serve https:// endpoints');
    const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const reason = isTooLarge ? 'the headers are too large' : 'malformed HTTP request';
    const body = endWith(
      socket,
      isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request',
      reason,
    );
    keepRefusal({
      ...explainUnreadable(packet, isTooLarge, error.code),
      client: clientOf(socket),
      headers: [],
      reply: { status: isTooLarge ? 431 : 400, headers: jsonHeaders, body },
    });
  };
}

const noBytes = Buffer.alloc(0);
const jsonHeaders = ['content-type', 'application/json'] as const;

const httpsFix =
  'Start the server with TLS=auto and let the client trust its authority, or give the client an endpoint that begins with http:// ' +
  '(PubNub: ssl off).';

/** Returns what the bytes were, and what would help. */
function explainUnreadable(
  packet: Buffer,
  isTooLarge: boolean,
  code: string | undefined,
): Pick<Refusal, 'what' | 'method' | 'url' | 'notes'> {
  if (packet[0] === tlsHandshake) {
    const host = hostOfClientHello(packet);
    const meant = host === undefined ? '' : `, meant for ${host}`;
    return {
      what: 'TLS handshake',
      method: '',
      url: host === undefined ? '' : `https://${host}`,
      notes: [`A TLS handshake${meant} reached a port that serves plain HTTP. ${httpsFix}`],
    };
  }
  const firstLine = packet.subarray(0, maxShownBytes).toString('latin1').split('\r\n', 1)[0] ?? '';
  const [, method = '', url = ''] = /^([A-Z]{3,10}) (\S+)/.exec(firstLine) ?? [];
  const why = isTooLarge
    ? 'The headers have more than 64 KiB.'
    : `The bytes are not an HTTP request (${code ?? 'unknown error'}); they begin with ${JSON.stringify(shownStart(firstLine, url))}.`;
  return { what: 'malformed request', method, url, notes: [why] };
}

const maxShownBytes = 300;
const maxQuoted = 60;

/** Without the target, which may carry secrets and is shown elsewhere. */
const shownStart = (line: string, url: string): string =>
  (url === '' ? line : line.slice(0, line.indexOf(url))).slice(0, maxQuoted);

/** Returns the listener that refuses tunnels, which clients request from a proxy when their endpoint begins with https://. */
export function makeRefuseTunnel(
  notices: Notices,
  keepRefusal: KeepRefusal,
): (request: IncomingMessage, socket: Duplex) => void {
  return ({ url = '', rawHeaders }, socket) => {
    notices.warn(
      'tunnel',
      { target: url.slice(0, 300) },
      'CONNECT refused: set TLS=auto to serve https:// endpoints',
    );
    const reason = 'CONNECT is not supported without TLS=auto; or use an endpoint that begins with http://';
    const body = endWith(
      socket,
      '405 Method Not Allowed',
      reason,
      'allow: GET, POST, PUT, DELETE, OPTIONS\r\n',
    );
    keepRefusal({
      what: 'CONNECT',
      method: 'CONNECT',
      url: url.slice(0, maxShownBytes),
      client: clientOf(socket),
      headers: rawHeaders,
      reply: { status: 405, headers: jsonHeaders, body },
      notes: [
        `The client uses this server as its HTTP proxy and asks for a tunnel to ${url.slice(0, maxShownBytes)}, because its endpoint begins with https://. ${httpsFix}`,
      ],
    });
  };
}

/** Maximum time for a client to read its last reply and close the connection, ms. */
const goodbyeMs = 2_000;

/** Sends a last reply and ends the connection. Returns the body. */
export function endWith(socket: Duplex, status: string, reason: string, headers = ''): string {
  const body = JSON.stringify({ error: reason });
  socket.on('error', () => {});
  // Unread input would keep the connection open.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
  return body;
}
