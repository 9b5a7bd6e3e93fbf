import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Collects what a connection receives; resolves when that matches. */
export function receiver(socket: Socket): (pattern: RegExp) => Promise<string> {
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  return async (pattern) => {
    while (!pattern.test(received)) await once(socket, 'data');
    return received;
  };
}
