/**
 * Forty kinds of applications at once, as they are deployed: those that accept reports get all of them in order, while others hang for
 * longer than the test lasts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Identity, makeIdentity } from '../certificates.ts';

/** What an application writes once a report has arrived; it ends the connection unless it says "open". */
type Says = readonly (string | 'open')[];
type Behaviour = Says | ((socket: Socket) => void);

const json = '{"status":"ok"}';
const head = 'HTTP/1.1 200 OK\r\n';
const longHeader = `X-Long: ${'x'.repeat(8_000)}\r\n`;

/** Writes texts one after the other, each in a turn of its own. */
async function write(socket: Socket, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await new Promise((resolve) => setImmediate(resolve));
    if (socket.destroyed) return;
    socket.write(text);
  }
}

function writeForever(socket: Socket, text: string): void {
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(text)) setImmediate(more);
    else socket.once('drain', more);
  };
  more();
}

const accepting: Readonly<Record<string, Behaviour>> = {
  'a length': [`${head}Content-Length: 15\r\n\r\n${json}`],
  'no body and no length': [`${head}\r\n`],
  'no length, and it stays open': [`${head}\r\n${json}`, 'open'],
  'bare line feeds': [`HTTP/1.1 200 OK\nContent-Length: 15\n\n${json}`],
  'a bare status line, and it stays open': [head, 'open'],
  'a status line with a bare line feed, and it stays open': ['HTTP/1.1 200 OK\n', 'open'],
  'a status line without its end': ['HTTP/1.1 200 OK'],
  'status 201': ['HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'],
  'status 202': [`HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\n\r\n${json}`],
  'status 204': ['HTTP/1.1 204 No Content\r\n\r\n'],
  'HTTP/1.0': [`HTTP/1.0 200 OK\r\n\r\n${json}`],
  'HTTP/2 in text': ['HTTP/2 200\r\n\r\n'],
  'no reason': ['HTTP/1.1 200\r\n\r\n', 'open'],
  'a chunked body': [`${head}Transfer-Encoding: chunked\r\n\r\nf\r\n${json}\r\n0\r\n\r\n`],
  'a chunked body that never ends': [`${head}Transfer-Encoding: chunked\r\n\r\nf\r\n${json}\r\n`, 'open'],
  'a chunk that is no chunk': [`${head}Transfer-Encoding: chunked\r\n\r\nnot a length\r\n`, 'open'],
  'a body that never ends': (socket) => writeForever(socket, `${head}\r\n${'x'.repeat(64_000)}`),
  'less than its length': [`${head}Content-Length: 999\r\n\r\n${json}`, 'open'],
  'more than its length': [`${head}Content-Length: 1\r\n\r\n${json}`],
  'two lengths': [`${head}Content-Length: 1\r\nContent-Length: 15\r\n\r\n${json}`],
  'a long header': [`${head}${longHeader}\r\n`, 'open'],
  'a header that is none': [`${head}no colon here\r\n\x01: \x02\r\n\r\n`],
  'a provisional reply first': ['HTTP/1.1 100 Continue\r\n\r\n', `${head}\r\n`],
  'early hints first': ['HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', `${head}\r\n`],
  'blank lines first': ['\r\n\r\n', head, 'open'],
  'one byte at a time': [...head, ...'\r\n'],
  'a status line in two parts': ['HTTP/1.1 2', '00 OK\r\n\r\n'],
  'an error in its body': [`${head}\r\n{"error":"Missing 'callid'"}`],
  'another encoding': [`${head}Content-Encoding: gzip\r\n\r\nnot gzip`],
  'keep-alive': [`${head}Connection: keep-alive\r\nContent-Length: 0\r\n\r\n`, 'open'],
};

/** What operators read of applications that accept nothing. */
const others: Readonly<Record<string, { readonly behaviour: Behaviour; readonly outcome: RegExp }>> = {
  'no reply': { behaviour: ['open'], outcome: /^$/ },
  'half a status line': { behaviour: ['HTTP/1', 'open'], outcome: /^$/ },
  'provisional replies only': { behaviour: ['HTTP/1.1 100 Continue\r\n\r\n', 'open'], outcome: /^$/ },
  'a reset': { behaviour: (socket) => void socket.resetAndDestroy(), outcome: /^failed: / },
  'an end without a reply': { behaviour: [], outcome: /^failed: the connection was closed/ },
  'a redirect': {
    behaviour: ['HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n'],
    outcome: /^status 302$/,
  },
  'status 404': { behaviour: ['HTTP/1.1 404 Not Found\r\n\r\n'], outcome: /^status 404$/ },
  'status 429': { behaviour: ['HTTP/1.1 429 Slow Down\r\n\r\n'], outcome: /^status 429$/ },
  'status 500': { behaviour: ['HTTP/1.1 500 No\r\n\r\n<html>'], outcome: /^status 500$/ },
  'status 503': { behaviour: ['HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n'], outcome: /^status 503$/ },
  'another protocol': { behaviour: ['+OK ready\r\n'], outcome: /^failed: the reply is not HTTP/ },
};

interface Application {
  readonly port: number;
  /** The bodies that arrived, in order. */
  readonly bodies: string[];
}

const servers: Server[] = [];
const sockets = new Set<Socket>();

async function application(behaviour: Behaviour, identity?: Identity): Promise<Application> {
  const bodies: string[] = [];
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    let received = '';
    let isAnswered = false;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      received += chunk.toString();
      const [, length] = /content-length: (\d+)/i.exec(received) ?? [];
      const body = received.slice(received.indexOf('\r\n\r\n') + 4);
      if (isAnswered || length === undefined || body.length < Number(length)) return;
      isAnswered = true;
      bodies.push(body);
      if (typeof behaviour === 'function') behaviour(socket);
      else
        void write(
          socket,
          behaviour.filter((text) => text !== 'open'),
        ).then(() => behaviour.at(-1) === 'open' || socket.end());
    });
  };
  const server = identity === undefined ? createServer(serve) : createTlsServer({ ...identity }, serve);
  server.on('tlsClientError', () => {});
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, bodies };
}

let folder: string;
let trusted: Identity;
let unknown: Identity;
let started: StartedApp;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  [trusted, unknown] = [makeIdentity({ names: ['127.0.0.1'] }), makeIdentity({ names: ['127.0.0.1'] })];
  writeFileSync(join(folder, 'trusted.pem'), trusted.cert);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  await started.close();
});

type Json = Record<string, unknown>;
const post = async (url: string, payload: object): Promise<Json> =>
  (await started.app.inject({ method: 'POST', url, payload })).json();
const login = (name: string, url: string) =>
  post('/api/v1.1.0/login', {
    username: 'crm',
    password: 'x',
    url: `${url}/?${encodeURIComponent(name)}`,
    urltag: 1,
  });
const deliveries = async () =>
  (await started.app.inject('/_heartbeatd/pbx/deliveries')).json().deliveries as (Json & {
    url: string;
    last?: { outcome: string };
  })[];

it('forty kinds of applications at once: those that accept get every report in order, whatever the others do', async () => {
  // Longer than this test may last: an attempt that hangs delays nothing that it waits for.
  started = await startApp({ pbxReportTimeoutMs: 120_000, pbxCa: join(folder, 'trusted.pem') });
  const good = new Map<string, Application>();
  for (const [name, behaviour] of Object.entries(accepting)) good.set(name, await application(behaviour));
  good.set('TLS', await application(accepting['a length'] ?? [], trusted));
  const bad = new Map<string, RegExp>();
  // Those that hang come first.
  for (const [name, { behaviour, outcome }] of Object.entries(others)) {
    await login(name, `http://127.0.0.1:${(await application(behaviour)).port}`);
    bad.set(name, outcome);
  }
  const distrusted = await application(accepting['a length'] ?? [], unknown);
  await login('an unknown certificate', `https://127.0.0.1:${distrusted.port}`);
  bad.set('an unknown certificate', /^untrusted: /);
  const closed = await application([]);
  servers.pop()?.close();
  await login('a closed port', `http://127.0.0.1:${closed.port}`);
  bad.set('a closed port', /^unreachable: .*ECONNREFUSED/);
  for (const [name, { port }] of good)
    await login(name, `${name === 'TLS' ? 'https' : 'http'}://127.0.0.1:${port}`);
  expect(good.size + bad.size).toBeGreaterThanOrEqual(40);

  const extensions = ['1', '2', '3', '4', '5'];
  await post(
    '/_heartbeatd/pbx/events',
    extensions.map((extension) => ({ report: 'ExtensionStatus', extension, status: 'Busy' })),
  );
  const expected = extensions.map(
    (extension) => `{"action":"ExtensionStatus","extension":"${extension}","status":"Busy"}`,
  );
  for (const [name, { bodies }] of good) await expect.poll(() => bodies, { message: name }).toEqual(expected);
  for (const [name, outcome] of bad) {
    const last = async () => {
      const found = (await deliveries()).find(({ url }) => url.endsWith(`?${encodeURIComponent(name)}`));
      return found?.last?.outcome ?? '';
    };
    await expect.poll(last, { message: name }).toMatch(outcome);
  }
});
