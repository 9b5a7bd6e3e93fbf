/** HTTPS on the server's own port, with certificates of its own authority, beside HTTP and inside tunnels. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import PubNub from 'pubnub';
import { Agent, fetch, ProxyAgent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { type RecordedLog, recordedLog } from '../../recorded-log.ts';
import { type StartedApp, startApp } from '../../start-app.ts';

let folder: string;
let started: StartedApp;
let log: RecordedLog;
const agents: (Agent | ProxyAgent)[] = [];
const sockets: (Socket | TLSSocket)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  log = recordedLog();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  await started?.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (changes: Partial<Config> = {}): Promise<void> => {
  started = await startApp(
    { tls: 'auto', tlsFolder: join(folder, 'tls'), ...changes },
    { logger: log.logger },
  );
};
const ca = (): string => readFileSync(join(folder, 'tls', 'ca.pem'), 'utf8');
const port = (): number => Number(new URL(started.url).port);
const https = (): string => `https://127.0.0.1:${port()}`;
const kept = <T extends Agent | ProxyAgent>(agent: T): T => {
  agents.push(agent);
  return agent;
};
const direct = (): Agent => kept(new Agent({ connect: { ca: ca() } }));
const proxy = (): ProxyAgent => kept(new ProxyAgent({ uri: started.url, requestTls: { ca: ca() } }));

/** Sends raw bytes; resolves with what came back once the server closed the connection. */
async function say(bytes: string | Buffer): Promise<string> {
  const socket = connect(port(), '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return received;
}

describe('with TLS=auto', () => {
  it('serves HTTP and HTTPS on one port', async () => {
    await start();
    const plain = await fetch(`${started.url}/time/0`);
    const secure = await fetch(`${https()}/time/0`, { dispatcher: direct() });
    expect([plain.status, secure.status]).toEqual([200, 200]);
    const named = await fetch(`https://localhost:${port()}/healthz`, { dispatcher: direct() });
    expect(await named.json()).toEqual({ status: 'ok' });
  });

  it('keeps several requests of one connection, and requests that are sent in one go, apart', async () => {
    await start();
    const one = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    const last = one.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    expect((await say(one + one + last)).match(/HTTP\/1.1 200 /g)).toHaveLength(3);
  });

  it('serves targets with raw bytes of UTF-8 beside TLS, within it and inside a tunnel', async () => {
    await start();
    const raw = 'GET /v2/presence/sub-key/z/channel/räum/heartbeat?uuid=zoë HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(await say(raw)).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await say(`CONNECT ps.pndsn.com:443 HTTP/1.1\r\nHost: x\r\n\r\n${raw}`)).toMatch(
      /Established\r\n\r\nHTTP\/1\.1 200 OK/,
    );
    const secure = connectTls({ port: port(), host: '127.0.0.1', ca: ca() });
    sockets.push(secure);
    secure.write(raw);
    const [reply] = (await once(secure, 'data')) as [Buffer];
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
  });

  it.each([
    ['before its first byte', ''],
    ['inside a tunnel, before its first byte there', 'CONNECT ps.pndsn.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('ends a connection whose client ended it %s', async (_when, bytes) => {
    await start();
    const socket = connect(port(), '127.0.0.1');
    sockets.push(socket);
    socket.resume();
    socket.end(bytes);
    await once(socket, 'close');
  });

  it('serves the framing of the SLS client for C++ beside TLS', async () => {
    await start({ lenientFraming: 'always' });
    const framing = 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n';
    const reply = await say(
      `POST /publish/p/z/0/c/0?uuid=a HTTP/1.1\r\nHost: x\r\n${framing}\r\n3\r\n"a"\r\n0\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('serves an https:// SLS endpoint through a tunnel to itself', async () => {
    await start();
    const endpoint = 'https://demo.cn-hangzhou.log.aliyuncs.com';
    const dispatcher = proxy();
    const made = await fetch(`${endpoint}/`, { method: 'POST', body: '{"projectName":"demo"}', dispatcher });
    expect(made.status).toBe(200);
    const project = await fetch(`${endpoint}/`, { dispatcher });
    expect(await project.json()).toMatchObject({ projectName: 'demo' });
  });

  it.each(['ps.pndsn.com', 'pubsub.pubnub.com', 'ps1.pubnubapi.com'])(
    'serves https://%s through a tunnel to itself',
    async (host) => {
      await start();
      const reply = await fetch(`https://${host}/time/0`, { dispatcher: proxy() });
      expect(reply.status).toBe(200);
    },
  );

  it('serves plain HTTP inside a tunnel, as some clients send it to every proxy', async () => {
    await start();
    const dispatcher = kept(new ProxyAgent({ uri: started.url, proxyTunnel: true }));
    const reply = await fetch('http://ps.pndsn.com/time/0', { dispatcher });
    expect(reply.status).toBe(200);
  });

  it.each([
    'example.com:443',
    'pndsn.com.example.com:443',
    'notpndsn.com:443',
    'ps.pndsn.com',
    '127.0.0.1:22',
  ])('refuses a tunnel to %s, and logs it once', async (target) => {
    await start();
    const connectTo = `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await say(connectTo)).toMatch(/^HTTP\/1.1 403 Forbidden[\s\S]*TLS_HOSTS/);
    await say(connectTo);
    expect(log.lines('warn')).toEqual([expect.objectContaining({ target })]);
  });

  it('serves a tunnel to a host in TLS_HOSTS', async () => {
    await start({ tlsHosts: ['pbx.example.com'] });
    const reply = await fetch('https://pbx.example.com/api/v1.1.0/login', {
      method: 'POST',
      body: '{"username":"api","password":"x"}',
      dispatcher: proxy(),
    });
    expect(await reply.json()).toMatchObject({ status: 'Success' });
  });

  it('serves the operator API to pages of its own https origin, not of its http one', async () => {
    await start();
    const ask = async (origin: string): Promise<number> =>
      (await fetch(`${https()}/_heartbeatd/leases`, { headers: { origin }, dispatcher: direct() })).status;
    expect([await ask(https()), await ask(started.url)]).toEqual([200, 403]);
  });

  it('is trusted by the JavaScript SDK of PubNub with its default ssl: true', async () => {
    await start();
    const { default: tls } = await import('node:tls');
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...before, ca()]);
    const client = new PubNub({
      subscribeKey: 'demo',
      userId: 'ann',
      origin: `127.0.0.1:${port()}`,
      ssl: true,
    });
    try {
      expect((await client.time()).timetoken).toBeGreaterThan(1e16);
    } finally {
      client.destroy();
      tls.setDefaultCACertificates(before);
    }
  });

  it('says once that a client does not trust its authority', async () => {
    await start();
    await expect(fetch(`${https()}/time/0`)).rejects.toThrow();
    await expect(fetch(`${https()}/time/0`)).rejects.toThrow();
    await expect.poll(() => log.lines('warn')).toHaveLength(1);
    expect(log.lines('warn')).toEqual([expect.objectContaining({ ca: join(folder, 'tls', 'ca.pem') })]);
  });

  it('answers rubbish inside TLS, and instead of a handshake, by ending the connection', async () => {
    await start();
    const socket = connectTls({ port: port(), host: '127.0.0.1', ca: ca() });
    sockets.push(socket);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.write('rubbish\r\n\r\n');
    await once(socket, 'close');
    expect(received).toMatch(/^HTTP\/1.1 400 /);
    expect(await say(Buffer.from('\u0016rubbish\r\n'))).not.toContain('HTTP');
  });

  it('stops although connections wait before their handshake, within it and after it', async () => {
    await start();
    const silent = connect(port(), '127.0.0.1');
    const half = connect(port(), '127.0.0.1', () => half.write(Buffer.from([0x16, 0x03])));
    const idle = connectTls({ port: port(), host: '127.0.0.1', ca: ca() });
    sockets.push(silent, half, idle);
    for (const socket of sockets) socket.on('error', () => {});
    await once(idle, 'secureConnect');
    const ends = [silent, half, idle].map((socket) => once(socket.resume(), 'close'));
    await started.app.close();
    await Promise.all(ends);
  });
});

describe('with TLS off', () => {
  const hello = Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), Buffer.alloc(64)]);
  it.each([
    ['a TLS handshake', hello, /^HTTP\/1.1 400 /],
    [
      'a tunnel',
      'CONNECT demo.cn-hangzhou.log.aliyuncs.com:443 HTTP/1.1\r\nHost: x\r\n\r\n',
      /^HTTP\/1.1 405 /,
    ],
  ])('logs one warning for %s that says what to set', async (_, bytes, reply) => {
    await start({ tls: 'off' });
    expect(await say(bytes)).toMatch(reply);
    expect(await say(bytes)).toMatch(reply);
    expect(log.lines('warn')).toEqual([
      expect.objectContaining({ msg: expect.stringContaining('set TLS=auto') }),
    ]);
  });
});
