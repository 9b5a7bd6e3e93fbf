import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ConnectionLimits,
  checkStalls,
  defaultConnectionLimits,
  limitConnections,
} from '../../src/http/connections/connection-limits.ts';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startApp } from '../start-app.ts';

/** Larger than the buffers of any loopback connection. */
const bigBytes = 48 * 1_048_576;

let app: FastifyInstance;
let clients: Socket[] = [];
let serverSocket: Promise<Socket>;
/** Numbers of the requests that handlers saw. */
let started: number[];
let running: number;
let mostRunning: number;
/** Requests that Node read from its sockets. */
let received: number;
let firstResponse: ServerResponse | undefined;
/** Called by every handler of `/work`; its reply is sent when this resolves. */
let work: () => Promise<unknown>;

async function start(limits: ConnectionLimits = defaultConnectionLimits): Promise<void> {
  app = Fastify();
  limitConnections(app, limits);
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.get<{ Params: { number: string } }>('/work/:number', async ({ params: { number } }) => {
    started.push(Number(number));
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await work();
    running -= 1;
    return `<${number}>`;
  });
  app.get('/big', async () => Buffer.alloc(bigBytes));
  app.post('/length', async ({ body }) => `<${(body as Buffer).length}>`);
  app.server.on('request', (_request, response) => {
    received += 1;
    firstResponse ??= response;
  });
  serverSocket = new Promise((resolve) => app.server.once('connection', resolve));
  await app.listen({ host: '127.0.0.1', port: 0 });
}

beforeEach(() => {
  clients = [];
  firstResponse = undefined;
  started = [];
  [running, mostRunning, received] = [0, 0, 0];
  work = nextTurn;
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await app.close();
});

/** A client that sends these bytes at once and reads nothing until it is resumed. */
function open(sent: string | Buffer): Socket {
  const { port } = app.server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  client.pause();
  client.on('error', () => {});
  client.write(sent);
  clients.push(client);
  return client;
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const works = (count: number, headers = ''): string =>
  Array.from({ length: count }, (_, at) => get(`/work/${at}`, headers)).join('');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

/** Reads replies until that of the last request is there; returns their bodies in order. */
async function bodies(client: Socket, last: string): Promise<string[]> {
  let text = '';
  for await (const chunk of client) {
    text += chunk.toString('latin1').replaceAll('\0', '');
    if (text.includes(`<${last}>`)) break;
  }
  return [...text.matchAll(/<(\d+)>/g)].map(([, body]) => body ?? '');
}

describe('pipelined requests', () => {
  it('start four at a time, more once replies are read, and all get their replies in order', async () => {
    await start();
    const { initialInProgress, maxInProgress } = defaultConnectionLimits;
    const gate = Promise.withResolvers<void>();
    let mostBefore = 0;
    work = async () => {
      mostBefore = Math.max(mostBefore, started.length);
      if (started.length === initialInProgress) nextTurn().then(gate.resolve);
      await gate.promise;
      await nextTurn();
    };
    const client = open(works(200));
    await gate.promise;
    expect(mostBefore).toBe(initialInProgress);
    expect(await bodies(client, '199')).toEqual(numbers(200).map(String));
    expect(started).toEqual(numbers(200));
    expect(mostRunning).toBe(maxInProgress);
  });

  it('are not read from the socket while others of their connection wait', async () => {
    await start();
    // One request of the whole app ends in a turn of the event loop, however many run.
    let last: Promise<unknown> = Promise.resolve();
    work = () => {
      last = last.then(() => nextTurn());
      return last;
    };
    let mostReceived = 0;
    const size = 256;
    const padding = `X-Padding: ${'x'.repeat(size - get('/work/1000', 'X-Padding: \r\n').length)}\r\n`;
    const done = bodies(open(works(2_000, padding)), '1999');
    await until(() => {
      mostReceived = Math.max(mostReceived, received - (started.length - running));
      return started.length === 2_000;
    });
    await done;
    // One read of a socket is 64 KiB; the few more requests are those whose number is short, and those that run.
    expect(mostReceived).toBeLessThan(65_536 / size + 2 * defaultConnectionLimits.maxInProgress);
  });

  it('with bodies of several reads are all served', async () => {
    await start();
    const post = (length: number): Buffer =>
      Buffer.concat([
        Buffer.from(
          `POST /length HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: ${length}\r\n\r\n`,
        ),
        Buffer.alloc(length),
      ]);
    const lengths = numbers(20).map((at) => 200_000 + at);
    expect(await bodies(open(Buffer.concat(lengths.map(post))), '200019')).toEqual(lengths.map(String));
  });

  it('of a client that is gone do not start', async () => {
    await start();
    const reply = Promise.withResolvers<void>();
    work = () => reply.promise;
    const client = open(works(50));
    await until(() => received === 50);
    const socket = await serverSocket;
    client.resetAndDestroy();
    await once(client, 'close');
    reply.resolve();
    await until(() => socket.destroyed && running === 0);
    expect(started).toEqual(numbers(defaultConnectionLimits.initialInProgress));
  });
});

describe('a client that does not read', () => {
  it('gets no further request served until it reads', async () => {
    await start();
    const client = open(get('/big'));
    const socket = await serverSocket;
    await until(() => socket.writableLength > defaultConnectionLimits.maxUnsentBytes);
    const before = socket.bytesRead;
    const more = works(3);
    client.write(more);
    await until(() => socket.bytesRead === before + more.length && received === 4);
    expect(started).toEqual([]);
    expect(await bodies(client, '2')).toEqual(['0', '1', '2']);
  });

  it('loses its connection', async () => {
    await start({ ...defaultConnectionLimits, stallTimeoutMs: 20 });
    open(get('/big'));
    const socket = await serverSocket;
    await once(socket, 'close');
    expect(firstResponse?.writableFinished).toBe(false);
  });

  it('has its timeout only while bytes are unsent', async () => {
    await start();
    const client = open(get('/big') + get('/work/1'));
    const reply = Promise.withResolvers<void>();
    work = () => reply.promise;
    const socket = await serverSocket;
    await until(() => socket.writableLength > 0);
    checkStalls([socket], 12_345);
    expect(socket.timeout).toBe(12_345);
    const done = bodies(client, '1');
    // The second reply is held, as a long poll is: the connection may be idle for as long as that takes.
    await until(() => started.length === 1 && socket.writableLength === 0);
    checkStalls([socket], 12_345);
    expect(socket.timeout).toBe(0);
    reply.resolve();
    expect(await done).toEqual(['1']);
  });
});

it('requests without a connection are served', async () => {
  await start();
  expect((await app.inject('/work/7')).body).toBe('<7>');
});

it('the whole app reads the store for the first four of hundreds of polls that nobody reads', async () => {
  await start();
  const store = createStore(openEmbeddedDriver());
  let reads = 0;
  const counting = {
    ...store,
    readTopics: (options: Parameters<Store['readTopics']>[0]) => {
      reads += 1;
      return store.readTopics(options);
    },
  };
  const whole = await startApp({}, { store: counting });
  const message = JSON.stringify('x'.repeat(30_000));
  for (let at = 0; at < 100; at += 1)
    await whole.app.inject({ method: 'POST', url: '/publish/p/s/0/ch/0', payload: message });
  const connection = new Promise<Socket>((resolve) => whole.app.server.once('connection', resolve));
  const client = connect(Number(new URL(whole.url).port), '127.0.0.1');
  client.pause();
  client.write(get('/v2/subscribe/s/ch/0?tt=1').repeat(300));
  const socket = await connection;
  // Polls that start together read before the first of them is answered.
  await until(() => socket.writableLength > 0);
  expect(reads).toBe(defaultConnectionLimits.initialInProgress);
  client.destroy();
  await whole.close();
});

describe('a connection', () => {
  it('beyond MAX_CONNECTIONS is closed, and one that ends makes room', async () => {
    const bounded = await startApp({ maxConnections: 2 });
    const sockets: Socket[] = [];
    const open = (): Socket => {
      const socket = connect(Number(new URL(bounded.url).port), '127.0.0.1');
      sockets.push(socket);
      return socket.on('error', () => {});
    };
    const ask = async (socket: Socket): Promise<string> => {
      socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      return bytes.toString();
    };
    try {
      const [one, two] = [open(), open()];
      expect(await ask(one)).toMatch(/^HTTP\/1\.1 200 /);
      expect(await ask(two)).toMatch(/^HTTP\/1\.1 200 /);
      const three = open();
      three.resume();
      await once(three, 'close');
      expect(three.bytesRead).toBe(0);
      expect(await ask(one)).toMatch(/^HTTP\/1\.1 200 /);
      two.destroy();
      await vi.waitFor(async () => {
        const connections = await new Promise((resolve) =>
          bounded.app.server.getConnections((_error, count) => resolve(count)),
        );
        expect(connections).toBe(1);
      });
      expect(await ask(open())).toMatch(/^HTTP\/1\.1 200 /);
    } finally {
      for (const socket of sockets) socket.destroy();
      await bounded.close();
    }
  });
});
