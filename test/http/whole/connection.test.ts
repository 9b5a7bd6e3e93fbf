import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveWhole, type WholeConnections } from '../../../src/http/whole/connections.ts';
import type { WholeRequest } from '../../../src/http/whole/request.ts';
import type { WholeResponse } from '../../../src/http/whole/response.ts';
import { receiver } from './receiver.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe('a connection', () => {
  let server: Server;
  let whole: WholeConnections;
  let socket: Socket;
  let received: (pattern: RegExp) => Promise<string>;
  /** The server's end. */
  let accepted: Socket;
  /** Replies that are held back. */
  let held: WholeResponse[];
  let events: string[];
  /** Runs one sweep of the connections, which is due every five seconds. */
  let sweep: () => void;

  beforeEach(async () => {
    held = [];
    events = [];
    server = createServer((request, response) => {
      request.resume();
      response.end(`node ${request.url}.`);
    });
    whole = serveWhole(server, {
      stallTimeoutMs: 30_000,
      onStalled: () => events.push('stalled'),
      wallMs: () => Date.UTC(2030, 0, 2, 3, 4, 5, 678),
      repeat(run) {
        sweep = run;
        return () => events.push('stopped');
      },
      serve({ url }: WholeRequest, response) {
        if (url.startsWith('/node')) return false;
        response.onSent = () => events.push(`sent ${url}`);
        if (url.startsWith('/held')) held.push(response);
        else response.writeHead(200, ['content-length', '6']).end('whole.', 'latin1');
        return true;
      },
    });
    server.on('connection', (one: Socket) => {
      accepted = one;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    received = receiver(socket);
    await once(server, 'connection');
  });
  /** Sends bytes; resolves when the server has read them. */
  const sendRead = async (bytes: string): Promise<void> => {
    const end = accepted.bytesRead + bytes.length;
    socket.write(bytes);
    while (accepted.bytesRead < end) await new Promise(setImmediate);
  };
  afterEach(() => {
    socket.destroy();
    whole.close();
    whole.closeIdle();
    server.closeAllConnections();
    server.close();
  });

  it('gets replies with the headers that Node adds, one after the other', async () => {
    socket.write(get('/1'));
    const first = await received(/whole\./);
    expect(first).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-length: 6\r\nDate: Wed, 02 Jan 2030 03:04:05 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n\r\nwhole\.$/,
    );
    socket.write(get('/2'));
    await received(/whole\.[\s\S]*whole\./);
    expect(events).toEqual(['sent /1', 'sent /2']);
  });

  it('is given to Node with the first request that is not served here, and stays with it', async () => {
    socket.write(get('/1'));
    await received(/whole\./);
    socket.write(get('/node'));
    await received(/node \/node\./);
    socket.write(get('/2'));
    await received(/node \/2\./);
  });

  it('is given to Node with a request that arrives in parts', async () => {
    await sendRead('GET /part HTTP/1.1\r\nHost: a\r\n');
    socket.write('\r\n');
    await received(/node \/part\./);
  });

  it('is given to Node with requests that arrive together, all of which are answered in order', async () => {
    socket.write(get('/1') + get('/2') + get('/3'));
    await received(/node \/1\.[\s\S]*node \/2\.[\s\S]*node \/3\./);
  });

  it('is given to Node after a reply, with the request that came before that was sent', async () => {
    await sendRead(get('/held'));
    await sendRead(get('/early'));
    held[0]?.writeHead(200, ['content-length', '5']).end('held.');
    await received(/held\.[\s\S]*node \/early\./);
  });

  it('ends with a reply that says so', async () => {
    await sendRead(get('/held'));
    held[0]?.writeHead(503, ['connection', 'close', 'content-length', '0']).end();
    await once(socket, 'close');
    expect(await received(/^/)).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n(?!.*keep-alive)/s);
  });

  it('gets no header that would end the headers', async () => {
    await sendRead(get('/held'));
    expect(() => held[0]?.writeHead(200, ['x', 'a\r\nb: c'])).toThrow(TypeError);
  });

  it('gets a reply in parts, and text that is not ASCII, as they are', async () => {
    await sendRead(get('/held'));
    const response = held[0];
    response?.writeHead(200, ['content-length', '4']).write(Buffer.from('ä'));
    response?.end('ö');
    expect(Buffer.from(await received(/\r\n\r\n.{4}$/s), 'latin1').toString()).toMatch(/\r\n\r\näö$/);
  });

  it('is closed as idle only after its reply', async () => {
    await sendRead(get('/held'));
    whole.closeIdle();
    held[0]?.writeHead(200, ['content-length', '5']).end('held.');
    await received(/held\./);
    whole.closeIdle();
    await once(socket, 'close');
  });

  it('is not answered after its client left', async () => {
    await sendRead(get('/held'));
    socket.end();
    await once(socket, 'close');
    held[0]?.writeHead(200, ['content-length', '5']).end('held.');
    expect(events).toEqual([]);
  });

  it("is Node's once it has been silent for a sweep", async () => {
    sweep();
    socket.write(get('/1'));
    await received(/node \/1\./);
  });

  it('ends when it has been idle for longer than its client was told', async () => {
    server.keepAliveTimeout = 10_000;
    await sendRead(get('/1'));
    for (let sweeps = 0; sweeps < 3; sweeps += 1) sweep();
    await sendRead(get('/2'));
    for (let sweeps = 0; sweeps < 3; sweeps += 1) sweep();
    expect(accepted.destroyed).toBe(false);
    sweep();
    expect(accepted.destroyed).toBe(true);
  });

  it('does not end while a request is in progress, however long that takes', async () => {
    await sendRead(get('/held'));
    for (let sweeps = 0; sweeps < 100; sweeps += 1) sweep();
    held[0]?.writeHead(200, ['content-length', '5']).end('held.');
    await received(/held\./);
  });

  it('ends when its client reads nothing of a reply for longer than a stall may take', async () => {
    accepted.cork();
    await sendRead(get('/1'));
    for (let sweeps = 0; sweeps < 6; sweeps += 1) sweep();
    expect(events).toEqual(['sent /1']);
    sweep();
    expect(events).toEqual(['sent /1', 'stalled']);
    expect(accepted.destroyed).toBe(true);
  });

  it("holds one unread reply: the next request is Node's, whose bounds apply", async () => {
    accepted.cork();
    await sendRead(get('/1'));
    await sendRead(get('/2'));
    expect(events).toEqual(['sent /1']);
    accepted.uncork();
    await received(/whole\.[\s\S]*node \/2\./);
  });

  it('serves nothing after a last reply, and ends although its client does not', async () => {
    socket.allowHalfOpen = true;
    await sendRead(get('/held'));
    await sendRead(get('/early'));
    const closed = once(accepted, 'close');
    held[0]?.writeHead(200, ['connection', 'close', 'content-length', '5']).end('held.');
    await closed;
    expect(await received(/held\./)).not.toContain('early');
    expect(events).toEqual(['sent /held']);
  });

  it('survives a client that sends another request and leaves before the reply to the first', async () => {
    await sendRead(get('/held'));
    await sendRead(get('/early'));
    const closed = once(accepted, 'close');
    accepted.once('end', () => held[0]?.writeHead(200, ['content-length', '5']).end('held.'));
    socket.end();
    await closed;
    expect(events).toEqual([]);
  });

  it.each([
    ['chunks', ['transfer-encoding', 'chunked'], '4\r\nheld\r\n0\r\n\r\n'],
    [
      'a time and keep-alive of its own',
      ['date', 'x', 'keep-alive', 'timeout=1', 'content-length', '4'],
      'held',
    ],
  ] as const)('gets a reply with %s as from Node', async (_, headers, body) => {
    await sendRead(get('/held'));
    held[0]?.writeHead(200, headers).end('held');
    const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []));
    const all = await received(/held(?:\r\n0\r\n\r\n)?$/);
    expect(all).toContain(`\r\n\r\n${body}`);
    expect(all.split('\r\n').slice(1, 1 + lines.length)).toEqual(lines);
    expect(all.match(/^(?:date|keep-alive):/gim)).toHaveLength(2);
  });
});
