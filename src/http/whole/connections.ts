/**
 * Connections on which each request arrives in one piece, and after the reply to the one before, as clients send heartbeats. They are
 * served without Node's parser and its streams. With the first piece that is anything else, a connection is given to Node for good, with
 * that piece unread: so there is never a part of a request here whose rest has to be waited for, and no more than one request.
 */
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { isTakenOver } from '../parsing/take-over.ts';
import { type Head, readWhole, type WholeRequest } from './request.ts';
import { WholeResponse } from './response.ts';

export interface WholeOptions {
  /** A connection ends after its client has read nothing of a reply for so long, ms. */
  readonly stallTimeoutMs: number;
  /** Serves a request. Returns false, and does nothing, if Node has to. */
  serve(request: WholeRequest, response: WholeResponse): boolean;
  onStalled(socket: Socket): void;
  /** Wall time of replies, ms since 1970. */
  wallMs(): number;
  /** Calls `run` at an interval; returns how to stop that. */
  repeat(run: () => void, everyMs: number): () => void;
}

export interface WholeConnections {
  /** Ends connections without a request in progress. */
  closeIdle(): void;
  close(): void;
}

/** Interval at which connections are looked at that are silent or unread, ms. */
const sweepMs = 5_000;

interface Connection {
  readonly socket: Socket;
  /** Sweeps since the last request. */
  sweeps: number;
  /** Whether a request is in progress whose reply can still be sent. */
  isBusy(): boolean;
  /** Gives the connection to Node. */
  pass(): void;
}

/** Takes connections of an HTTP server before its own listener. To be called before anything else listens for connections. */
export function serveWhole(server: Server, options: WholeOptions): WholeConnections {
  const nodes = server.listeners('connection') as ((socket: Duplex) => void)[];
  const open = new Set<Connection>();
  let stop: (() => void) | undefined;
  const giveToNode = (socket: Duplex): void => {
    for (const listener of nodes) listener.call(server, socket);
  };
  const sweep = (): void => {
    for (const connection of open) sweepOne(connection, server, options);
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Duplex) => {
    const isPlain = socket instanceof Socket && !(socket instanceof TLSSocket) && !isTakenOver(socket);
    if (!isPlain) {
      giveToNode(socket);
      return;
    }
    stop ??= options.repeat(sweep, sweepMs);
    open.add(serveConnection(socket, { server, options, open, giveToNode }));
  });
  return {
    closeIdle() {
      for (const { socket, isBusy } of open) if (!isBusy()) socket.destroy();
    },
    close: () => stop?.(),
  };
}

/** One that never sent a byte is Node's, which has a timeout for its first request. */
function sweepOne(connection: Connection, server: Server, { stallTimeoutMs, onStalled }: WholeOptions): void {
  const { socket } = connection;
  if (connection.isBusy()) return;
  const idleMs = connection.sweeps * sweepMs;
  connection.sweeps += 1;
  if (socket.bytesRead === 0) connection.pass();
  else if (socket.writableLength > 0) {
    if (idleMs < stallTimeoutMs) return;
    onStalled(socket);
    socket.destroy();
  } else if (server.keepAliveTimeout > 0 && idleMs > server.keepAliveTimeout) socket.destroy();
}

interface Place {
  readonly server: Server;
  readonly options: WholeOptions;
  readonly open: Set<Connection>;
  giveToNode(socket: Duplex): void;
}

function serveConnection(socket: Socket, { server, options, open, giveToNode }: Place): Connection {
  let known: Head | undefined;
  let isBusy = false;
  /** What arrived while a request was in progress. */
  let early: Buffer[] = [];

  const onReplied = (): void => {
    isBusy = false;
    connection.sweeps = 0;
    if (early.length > 0) pass(Buffer.concat(early));
  };
  const onData = (piece: Buffer): void => {
    // The connection ends with the last reply.
    if (!socket.writable) return;
    if (isBusy) {
      early.push(piece);
      socket.pause();
      return;
    }
    const request = socket.writableLength > 0 ? undefined : readWhole(piece, socket, known);
    if (request === undefined) {
      pass(piece);
      return;
    }
    known = request.head;
    isBusy = true;
    const response = new WholeResponse(socket, {
      keepAliveMs: server.keepAliveTimeout,
      wallMs: options.wallMs,
      onReplied,
    });
    if (options.serve(request, response)) return;
    isBusy = false;
    pass(piece);
  };
  // As Node does: a client that ends its side has left.
  const onClientEnd = (): void => {
    socket.end();
  };
  const onError = (): void => {};
  const onClose = (): void => {
    open.delete(connection);
  };
  const pass = (piece?: Buffer): void => {
    early = [];
    // Nothing more can be sent to a client that left, or after a last reply.
    if (!socket.writable) return;
    open.delete(connection);
    socket.off('data', onData).off('end', onClientEnd).off('close', onClose).off('error', onError);
    socket.pause();
    if (piece !== undefined) socket.unshift(piece);
    giveToNode(socket);
    socket.resume();
  };
  const connection: Connection = {
    socket,
    sweeps: 0,
    isBusy: () => isBusy && socket.writable,
    pass: () => pass(),
  };
  socket.on('data', onData).on('end', onClientEnd).on('close', onClose).on('error', onError);
  return connection;
}
