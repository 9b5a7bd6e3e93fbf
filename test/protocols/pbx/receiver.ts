/** An application's own server: records requests byte for byte and sends configured replies. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Identity } from './certificates.ts';

export interface Received {
  /** Everything that arrived on the connection before the reply. */
  readonly raw: string;
  readonly path: string;
  readonly body: string;
  /** How many reads it took: some applications read once. */
  readonly reads: number;
}

export type Reply = string | ((received: Received, count: number) => string | undefined);

export interface Receiver {
  readonly port: number;
  readonly received: readonly Received[];
  /** What is said back from now on; undefined text: nothing, the connection stays open. */
  answer: Reply;
  /** Resolves when so many reports have arrived. */
  arrived(count: number): Promise<readonly Received[]>;
  bodies(): string[];
  close(): Promise<void>;
}

export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
export const status = (code: number): string =>
  `HTTP/1.1 ${code} Some Reason\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;

/** `identity`: it speaks TLS, with that certificate. */
export async function startReceiver(port = 0, identity?: Identity): Promise<Receiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const receiver = { answer: ok as Reply };

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let raw = '';
    let reads = 0;
    socket.on('data', (chunk) => {
      raw += chunk.toString();
      reads += 1;
      const end = raw.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(raw)?.[1] ?? 0);
      if (end === -1 || Buffer.byteLength(raw.slice(end + 4)) < length) return;
      const one: Received = { raw, path: raw.split(' ', 2)[1] ?? '', body: raw.slice(end + 4), reads };
      received.push(one);
      const said =
        typeof receiver.answer === 'string' ? receiver.answer : receiver.answer(one, received.length);
      if (said !== undefined) socket.write(said);
      waiting = waiting.filter(({ count, resolve }) => {
        if (received.length < count) return true;
        resolve();
        return false;
      });
    });
  };
  const server: Server =
    identity === undefined ? createServer(serve) : createTlsServer({ ...identity }, serve);
  // A client that does not like the certificate goes before there is anything to serve.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    received,
    get answer() {
      return receiver.answer;
    },
    set answer(reply: Reply) {
      receiver.answer = reply;
    },
    async arrived(count) {
      if (received.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push({ count, resolve });
        await promise;
      }
      return received;
    },
    bodies: () => received.map(({ body }) => body),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
