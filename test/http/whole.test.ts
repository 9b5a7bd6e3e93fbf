import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveWhole, type WholeConnections } from '../../src/http/whole/connections.ts';
import { readWhole, type WholeRequest } from '../../src/http/whole/request.ts';
import type { WholeResponse } from '../../src/http/whole/response.ts';
import { type StartedApp, startApp } from '../start-app.ts';

const unused = {} as Socket;
const read = (text: string) => readWhole(Buffer.from(text, 'latin1'), unused, undefined);

describe('a piece of input', () => {
  it('is read as a request with its headers and its body', () => {
    const request = read(
      'POST /a?b=c HTTP/1.1\r\nHost: here\r\nX-Two:  a, b\t\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\nabc'.replace(
        'b\t',
        'b',
      ),
    );
    expect(request).toMatchObject({ method: 'POST', url: '/a?b=c' });
    expect(request?.headers).toEqual({
      ...{ host: 'here', 'x-two': 'a, b', 'content-length': '3', connection: 'Keep-Alive' },
    });
    expect(request?.rawHeaders.slice(0, 4)).toEqual(['Host', 'here', 'X-Two', 'a, b']);
    expect(request?.body.toString()).toBe('abc');
  });

  it('is read with the headers of the request before only if it has the same', () => {
    const first = read('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    const next = (host: string) =>
      readWhole(Buffer.from(`GET /2 HTTP/1.1\r\nHost: ${host}\r\n\r\n`), unused, first?.head);
    expect(next('a')?.head).toBe(first?.head);
    expect(next('b')?.headers).toEqual({ host: 'b' });
  });

  it.each([
    ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['two requests', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a part of its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab'],
    ['more than its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd'],
    ['a body without a length', 'POST / HTTP/1.1\r\nHost: a\r\n\r\nabc'],
    ['a GET with a length', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na'],
    ['an empty line first', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\nAccept: a\r\n\r\n'],
    ['no headers', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
    ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na'],
    ['a length with a sign', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na'],
    ['chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['a last request', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['another method', 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target in absolute form', 'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a raw byte in its target', 'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a raw byte in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\r\n\r\n'],
    ['a header of two lines', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n'],
    ['a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\rX: a\r\n\r\n'],
    ['a null byte', 'GET / HTTP/1.1\r\nHost: a\0\r\n\r\n'],
    ['a space before a colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a name that objects have', 'GET / HTTP/1.1\r\nHost: a\r\n__proto__: a\r\n\r\n'],
    [
      'more headers than are read',
      `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 100 }, (_, at) => `x-${at}: a\r\n`).join('')}\r\n`,
    ],
    ['more bytes than are read', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('is left to Node with %s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});

/** Collects what a connection receives; resolves when that matches. */
function receiver(socket: Socket): (pattern: RegExp) => Promise<string> {
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  return async (pattern) => {
    while (!pattern.test(received)) await once(socket, 'data');
    return received;
  };
}

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
      /^HTTP\/1\.1 200 OK\r\ncontent-length: 6\r\nDate: \w{3}, [^\r]+ GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n\r\nwhole\.$/,
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
});

describe('a heartbeat', () => {
  let app: StartedApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it.each([
    ['Presence', get('/v2/presence/sub-key/demo/channel/a/heartbeat?uuid=u')],
    ['the PBX API, refused', 'POST /api/v1.1.0/heartbeat?token=no HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'SLS, refused',
      'POST /logstores/a/consumergroups/b?type=heartbeat&consumer=c HTTP/1.1\r\nHost: p.cn-hangzhou.log.aliyuncs.com\r\nContent-Length: 2\r\n\r\n[]',
    ],
  ])("of %s has the same reply on a connection that is Node's", async (_, bytes) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    const received = receiver(socket);
    const exchange = async (replies: number): Promise<string> => {
      socket.write(bytes);
      const all = await received(new RegExp(`(?:\\r\\n\\r\\n[\\s\\S]*[}\\]][\\s\\S]*){${replies}}`));
      return all
        .slice(all.lastIndexOf('HTTP/1.1'))
        .replace(/^date:.*$/im, '')
        .replace(/^x-log-requestid: .*$/im, '');
    };
    const past = await exchange(1);
    socket.write(get('/time/0'));
    await received(/(?:\r\n\r\n[\s\S]*[}\]][\s\S]*){2}/);
    expect(await exchange(3)).toBe(past);
    socket.destroy();
  });
});
