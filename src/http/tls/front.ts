/** HTTPS beside HTTP on one port: looks at the first byte of a connection, and terminates TLS inside tunnels to emulated hosts. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type SecureContext, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { rememberAddress } from '../client-address.ts';
import { isTakenOver } from '../parsing/take-over.ts';
import { endWith, tlsHandshake } from '../parsing/unreadable.ts';
import { clientOf, type KeepRefusal } from '../refusal.ts';
import type { Certificates } from './certificates.ts';
import { hostOfTunnel } from './hosts.ts';
import type { Notices } from './notices.ts';

/** Maximum time until a client sent its first byte, and from then until its handshake ends, ms. */
const firstByteMs = 60_000;
const handshakeMs = 10_000;

export interface FrontOptions {
  readonly certificates: Certificates;
  isEmulated(host: string): boolean;
  readonly notices: Notices;
  readonly keepRefusal: KeepRefusal;
}

/** What serves the port besides HTTP. */
export interface Front {
  /** Ends connections that have not sent a request yet; HTTP does not know those. */
  closeIdle(): void;
  close(): void;
}

/** Puts itself in front of an HTTP server that does not listen yet. */
export function attachFront(server: Server, options: FrontOptions): Front {
  // Node's own listener is the only one so far; it makes a connection an HTTP connection.
  const serveHttp = server.listeners('connection') as ((socket: Duplex) => void)[];
  server.removeAllListeners('connection');
  const serve = (socket: Duplex): void => {
    rememberAddress(socket);
    for (const listener of serveHttp) listener.call(server, socket);
  };
  const waiting = new Map<string, Socket>();
  const silent = new Set<Duplex>();
  const tls = makeTlsServer(options, (socket) => {
    // From here on HTTP ends the connection; the one below it follows.
    waiting.delete(keyOf(socket));
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
    serve(socket);
  });
  const accept = (socket: Socket): void => {
    // What is parsed again was HTTP before, and its stream is no socket.
    if (isTakenOver(socket)) {
      serve(socket);
      return;
    }
    const key = keyOf(socket);
    waiting.set(key, socket);
    socket.once('close', () => waiting.delete(key));
    socket.on('error', () => {});
    whenReadable(socket, (firstByte) => {
      if (firstByte === tlsHandshake) {
        // HTTP servers keep connections half open; a client that leaves within its handshake must not be waited for.
        socket.allowHalfOpen = false;
        tls.emit('connection', socket);
        return;
      }
      waiting.delete(key);
      serve(socket);
    });
  };
  server.on('connection', accept);
  server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket));
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!mayOpenTunnel(request, socket, options)) return;
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    accept(socket);
  });
  return {
    closeIdle() {
      for (const socket of [...waiting.values(), ...silent]) socket.destroy();
    },
    close: () => options.certificates.close(),
  };
}

/** A connection's two ends, by which the TLS socket on top of it is known too. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Calls back with the first byte of a connection, which stays unread. */
function whenReadable(socket: Socket, callback: (firstByte: number) => void): void {
  const give = (): void => {
    socket.destroy();
  };
  const look = (): void => {
    // All that is there: the parser of HTTP gets it in one piece, in which raw bytes of a target can be mended.
    const first: Buffer | null = socket.read();
    if (first === null) {
      socket.once('readable', look);
      return;
    }
    socket.setTimeout(0);
    socket.off('timeout', give).off('end', give);
    socket.unshift(first);
    callback(first[0] ?? 0);
  };
  socket.setTimeout(firstByteMs);
  // HTTP servers keep connections half open: a client that ended its side sends nothing more.
  socket.on('timeout', give).on('end', give);
  look();
}

function makeTlsServer(
  { certificates, notices, keepRefusal }: FrontOptions,
  onSecure: (socket: TLSSocket) => void,
): TlsServer {
  const { forHost } = certificates;
  const tls = createServer({
    ...certificates.standard(),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeMs,
    ...(forHost === undefined
      ? {}
      : {
          SNICallback(name: string, done: (error: Error | null, context?: SecureContext) => void) {
            try {
              done(null, forHost(name));
            } catch (error) {
              done(error as Error);
            }
          },
        }),
  });
  certificates.onChange(() => tls.setSecureContext(certificates.standard()));
  tls.on('secureConnection', onSecure);
  tls.on('tlsClientError', (error, socket) => {
    const client = clientOf(socket);
    socket.destroy();
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    if (!isDistrust(reason)) return;
    notices.warn('distrust', { reason, ca: certificates.trustPath }, distrusted);
    const fix =
      certificates.trustPath === ''
        ? 'Let it trust the authority of TLS_CERT.'
        : `Let it trust ${certificates.trustPath}: SSL_CERT_FILE, REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS name that file to Go, Python and Node.js.`;
    keepRefusal({
      what: 'TLS handshake',
      ...{ client, method: '', url: '', headers: [] },
      notes: [`The client ended the TLS handshake (${reason}): it does not trust the certificate. ${fix}`],
    });
  });
  return tls;
}

/** Returns whether the tunnel ends at a host that this server stands in for; refuses it otherwise. */
function mayOpenTunnel(
  { url = '', rawHeaders }: IncomingMessage,
  socket: Socket,
  options: FrontOptions,
): boolean {
  const host = hostOfTunnel(url);
  if (host !== undefined && options.isEmulated(host)) return true;
  const shown = url.slice(0, 300);
  options.notices.warn(
    'foreign tunnel',
    { target: shown },
    'CONNECT refused: requests are not forwarded to other hosts; if this server stands in for the host, add it to TLS_HOSTS',
  );
  const reason = `CONNECT ${shown}: not a host that this server stands in for; see TLS_HOSTS`;
  const body = endWith(socket, '403 Forbidden', reason);
  options.keepRefusal({
    what: 'CONNECT',
    method: 'CONNECT',
    url: shown,
    client: clientOf(socket),
    headers: rawHeaders,
    reply: { status: 403, headers: ['content-type', 'application/json'], body },
    notes: [
      `The client asks for a tunnel to ${shown}, a host that this server does not stand in for, and nothing is forwarded. Add the host to TLS_HOSTS if its requests are meant for this server, or to NO_PROXY of the client if they are not.`,
    ],
  });
  return false;
}

/** Alerts by which clients say that they do not know the authority, and how Node's own client ends the handshake then. */
const isDistrust = (reason: string): boolean =>
  /UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|ECONNRESET/i.test(reason);

const distrusted = 'TLS client ended the handshake; let it trust the authority in "ca"';
