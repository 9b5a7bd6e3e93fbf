/**
 * Connections whose reply was read. They are closed at once, but what still arrives is taken for a moment: a reset would be an error
 * to an application that is still writing its reply.
 */
import type { Socket } from 'node:net';

export interface LingeringSockets {
  /** Ends a connection, and destroys it when the other end closes it too, after a moment, or after too much data. */
  add(socket: Socket): void;
}

const lingerMs = 1_000;
const maxBytes = 16 * 1_024;
/** The one that lingers longest gives way to another. */
const maxSockets = 256;

export function makeLingeringSockets(): LingeringSockets {
  const lingering = new Set<Socket>();
  return {
    add(socket) {
      if (socket.destroyed) return;
      const [oldest] = lingering;
      if (oldest !== undefined && lingering.size >= maxSockets) oldest.destroy();
      lingering.add(socket);
      const destroy = (): void => void socket.destroy();
      const timeout = setTimeout(destroy, lingerMs);
      timeout.unref();
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) destroy();
      });
      socket.on('end', destroy);
      socket.on('close', () => {
        clearTimeout(timeout);
        lingering.delete(socket);
      });
      socket.end();
    },
  };
}
