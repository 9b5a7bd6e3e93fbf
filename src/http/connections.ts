/** How the server lets go of its clients when it stops. */
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** How often connections that became idle are looked for while the app closes, ms. */
const idleCheckMs = 25;

/**
 * How the app lets go of its clients. One that sends a request after the other has the next one on its way already: no new
 * connections are taken, and what comes on the old ones is answered for a while, with `connection: close`. After that, who
 * keeps a connection open must not hold up the end, nor must one that never said anything: Node counts a connection as idle
 * only after its first request.
 */
export function endConnections(app: FastifyInstance, lastRequestMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('preClose', async () => {
    if (lastRequestMs > 0) {
      // An HTTP server's own way to stop also resets those that wait for their next request.
      NetServer.prototype.close.call(app.server);
      if (connections.size > 0) await sleep(lastRequestMs);
    }
    timer = setInterval(() => {
      app.server.closeIdleConnections();
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    }, idleCheckMs);
  });
  app.addHook('onClose', async () => clearInterval(timer));
}
