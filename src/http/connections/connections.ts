/** Closes client connections when the server stops. */
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** Interval at which idle connections are closed while the app closes, ms. */
const idleCheckMs = 25;

export interface EndOptions {
  readonly lastRequestMs: number;
  /** Closes idle connections that the HTTP server does not know. */
  closeIdle(): void;
}

/**
 * Closes connections when the app closes. New connections are refused at once. Requests that arrive on open connections are
 * answered for `lastRequestMs` more, with `connection: close`, because a client that sends one request after the other has its next one
 * in transit. Then idle connections are closed, and so are those that never sent a byte, which Node does not count as idle.
 */
export function endConnections(app: FastifyInstance, { lastRequestMs, closeIdle }: EndOptions): void {
  let timer: NodeJS.Timeout | undefined;
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('preClose', async () => {
    if (lastRequestMs > 0) {
      // The HTTP server's own `close` would also reset idle keep-alive connections.
      NetServer.prototype.close.call(app.server);
      if (connections.size > 0) await sleep(lastRequestMs);
    }
    timer = setInterval(() => {
      app.server.closeIdleConnections();
      closeIdle();
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    }, idleCheckMs);
  });
  app.addHook('onClose', async () => clearInterval(timer));
}
