/**
 * Bounds what one connection can take: requests in progress, unsent bytes of replies, and the time for which its client may
 * leave a reply unread.
 *
 * Node handles all pipelined requests of a connection at once and keeps their replies in memory until the client reads them.
 * Here requests beyond the bounds wait in the order in which they came. While one waits the socket is not read, so that what
 * a client sends stays in its own buffers: no more requests wait than one read of the socket holds.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface ConnectionLimits {
  /** Requests of a new connection that are in progress at the same time. A request is in progress until its reply is sent. */
  readonly initialInProgress: number;
  /**
   * The same for a connection whose client reads: each reply that it reads while others wait allows one more, up to this,
   * because requests that run together share commands to the store. Unread replies end that.
   */
  readonly maxInProgress: number;
  /** A request waits while replies on its connection have so many bytes left to send. */
  readonly maxUnsentBytes: number;
  /** A connection ends after its client has read nothing of a reply for so long, ms. */
  readonly stallTimeoutMs: number;
}

/** A reply has at most about 10 MB, so a client that reads nothing makes its connection hold some 40 MB. */
export const defaultConnectionLimits: ConnectionLimits = {
  initialInProgress: 4,
  maxInProgress: 16,
  maxUnsentBytes: 1_048_576,
  stallTimeoutMs: 30_000,
};

/** Checks for unread replies in the time of one stall. A stalled connection ends at most one check late. */
const checksPerStall = 4;

/** Calls `start` once a request may run: at once, or after earlier requests of its connection. Never if the connection ends first. */
export type Admit = (request: IncomingMessage, response: ServerResponse, start: () => void) => void;

/**
 * Applies the limits to all connections of an app. Call it before anything else adds hooks: a request that waits runs none. Returns what
 * admits requests that run no hooks.
 */
export function limitConnections(app: FastifyInstance, limits: ConnectionLimits): Admit {
  const connections = new WeakMap<Socket, Connection>();
  const open = new Set<Socket>();
  let timer: NodeJS.Timeout | undefined;

  const opened = (socket: Socket): Connection => {
    const connection = makeConnection(socket, limits);
    connections.set(socket, connection);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Before Node's own listener, which ends the connection.
    socket.prependListener('timeout', () => {
      if (socket.timeout !== limits.stallTimeoutMs) return;
      const { remoteAddress, writableLength: unsentBytes } = socket;
      app.log.warn({ remoteAddress, unsentBytes }, 'closed connection: client stopped reading replies');
    });
    timer ??= setInterval(
      () => checkStalls(open, limits.stallTimeoutMs),
      limits.stallTimeoutMs / checksPerStall,
    ).unref();
    return connection;
  };

  const admit: Admit = ({ socket }, response, start) => {
    const connection = connections.get(socket);
    if (connection !== undefined) connection.admit(response, start);
    // Requests that are injected have no real socket.
    else if (socket instanceof Socket) opened(socket).admit(response, start);
    else start();
  };
  app.addHook('onRequest', (request, reply, done) => admit(request.raw, reply.raw, done));
  app.addHook('onClose', async () => clearInterval(timer));
  return admit;
}

/**
 * Starts the inactivity timeout of sockets that have unsent bytes, and stops it where they are sent. Node counts a partial
 * write as activity, and ends a connection whose timeout is over.
 */
export function checkStalls(open: Iterable<Socket>, stallTimeoutMs: number): void {
  for (const socket of open) {
    const isSending = socket.writableLength > 0;
    const isTimed = socket.timeout === stallTimeoutMs;
    if (isSending && !isTimed) socket.setTimeout(stallTimeoutMs);
    else if (!isSending && isTimed) socket.setTimeout(0);
  }
}

interface Connection {
  /** Calls `start` once the request of this response may run: at once, or after requests before it. Never if the connection ends first. */
  admit(response: ServerResponse, start: () => void): void;
}

function makeConnection(socket: Socket, limits: ConnectionLimits): Connection {
  let inProgress: ServerResponse[] = [];
  let allowed = limits.initialInProgress;
  const waiting: { readonly response: ServerResponse; readonly start: () => void }[] = [];
  /** Responses whose end starts what waits. A client that does not pipeline never needs one. */
  const watched = new WeakSet<ServerResponse>();

  const hasRoom = (): boolean => {
    // The common case: a client that sends a request after it received the last reply.
    if (inProgress.length === 1 && inProgress[0]?.writableFinished === true) inProgress.pop();
    if (inProgress.length === 0) return true;
    inProgress = inProgress.filter((response) => !response.writableFinished);
    if (inProgress.length === 0) return true;
    const unsent = inProgress.reduce((bytes, response) => bytes + response.writableLength, 0);
    if (unsent >= limits.maxUnsentBytes) {
      allowed = limits.initialInProgress;
      return false;
    }
    return inProgress.length < allowed;
  };

  const startWaiting = (): void => {
    // Nothing more can be sent on a connection that ended or is about to.
    if (socket.destroyed || socket.writableEnded) waiting.length = 0;
    while (waiting.length > 0 && hasRoom()) {
      const { response, start } = waiting.shift() as (typeof waiting)[number];
      inProgress.push(response);
      start();
    }
    if (waiting.length === 0) socket.resume();
    else watch();
  };

  const watch = (): void => {
    for (const response of inProgress) {
      if (watched.has(response)) continue;
      watched.add(response);
      response.once('finish', () => {
        allowed = Math.min(limits.maxInProgress, allowed + 1);
        startWaiting();
      });
    }
  };

  const pauseWhileWaiting = (): void => {
    if (waiting.length > 0 && !socket.writableEnded) socket.pause();
  };
  // Node resumes a socket after each message that it read from it.
  socket.on('resume', pauseWhileWaiting);

  return {
    admit(response, start) {
      if (waiting.length === 0 && hasRoom()) {
        inProgress.push(response);
        start();
        return;
      }
      waiting.push({ response, start });
      watch();
      pauseWhileWaiting();
    },
  };
}
