/** Requests byte for byte: what the server makes of exactly these bytes. */
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';

/** What a client that expects it gets before the reply. */
const provisional = /^HTTP\/1\.1 100 Continue\r\n\r\n/;

/** Says requests on one connection, one after the other, and reads their answers. */
export function connectTo(url: string) {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  let heard = '';
  let awaited: (() => void) | undefined;
  socket.on('data', (chunk) => {
    heard = (heard + chunk.toString()).replace(provisional, '');
    awaited?.();
  });
  return {
    async say(head: readonly string[], body = ''): Promise<Record<string, unknown>> {
      heard = '';
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
      for (;;) {
        const end = heard.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(heard)?.[1] ?? Number.POSITIVE_INFINITY);
        if (end !== -1 && Buffer.byteLength(heard.slice(end + 4)) >= length) break;
        const { promise, resolve } = Promise.withResolvers<void>();
        awaited = resolve;
        await promise;
      }
      expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      return JSON.parse(heard.slice(heard.indexOf('\r\n\r\n') + 4));
    },
    close: () => socket.destroy(),
  };
}

/** A request on a connection of its own. */
export async function sendOnce(
  url: string,
  head: readonly string[],
  body = '',
): Promise<Record<string, unknown>> {
  const made = connectTo(url);
  const answer = await made.say(head, body);
  made.close();
  return answer;
}
