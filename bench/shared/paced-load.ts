/**
 * A load of a fixed rate over kept connections, which records when each reply came and how long it took. wrk sends as fast as it
 * can and has one p99 for the whole run; what is measured here is how a server replies while it has other work.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** In the order in which they came. Lists of numbers leave nothing to the collector of garbage, whose pauses would count as the server's. */
export interface Replies {
  /** When each came, ms since the start of the load. */
  readonly atMs: readonly number[];
  readonly tookMs: readonly number[];
}

export interface PacedLoad {
  /** Returns the replies since the last call. Throws after a reply that was not a 200. */
  take(): Replies;
  /** Ends the load. */
  stop(): void;
}

export interface PacedLoadOptions {
  readonly perSecond: number;
  readonly connections: number;
  /** Returns the bytes of the next request. */
  readonly next: () => string;
}

interface Connection {
  readonly socket: Socket;
  sentMs: number;
}

const headersEnd = Buffer.from('\r\n\r\n');

/** Sends `perSecond` requests, each on a connection that waits for no reply. Every reply must come in one piece. */
export async function startPacedLoad(
  port: number,
  { perSecond, connections, next }: PacedLoadOptions,
): Promise<PacedLoad> {
  let atMs: number[] = [];
  let tookMs: number[] = [];
  const idle: Connection[] = [];
  const all: Connection[] = [];
  const startedMs = performance.now();
  let failure: Error | undefined;
  for (let at = 0; at < connections; at += 1) {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    await once(socket, 'connect');
    const connection: Connection = { socket, sentMs: 0 };
    socket.on('data', (bytes: Buffer) => {
      if (bytes.subarray(9, 12).toString() !== '200' || !bytes.includes(headersEnd))
        failure ??= new Error(`unexpected reply: ${bytes.subarray(0, 200)}`);
      const nowMs = performance.now();
      atMs.push(nowMs - startedMs);
      tookMs.push(nowMs - connection.sentMs);
      idle.push(connection);
    });
    all.push(connection);
    idle.push(connection);
  }
  let sent = 0;
  let firstMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    // What the server could not take in time is not sent later: the rate would rise just when the server is behind.
    const due = Math.floor(((nowMs - firstMs) * perSecond) / 1_000);
    for (; sent < due; sent += 1) {
      const connection = idle.shift();
      if (connection === undefined) {
        firstMs = nowMs;
        sent = 0;
        break;
      }
      connection.sentMs = nowMs;
      connection.socket.write(next());
    }
  }, 1);
  return {
    take() {
      if (failure !== undefined) throw failure;
      const taken = { atMs, tookMs };
      atMs = [];
      tookMs = [];
      return taken;
    },
    stop() {
      clearInterval(timer);
      for (const { socket } of all) socket.destroy();
    },
  };
}
