/** Bytes that are no request, or nearly one: the server replies or ends the connection, and goes on. */
import { connect } from 'node:net';
import type { Random } from '../random.ts';
import { breakBytes } from './bodies.ts';
import { bytesOf, type FuzzRequest } from './request.ts';

const lines = [
  'GET http://p.x.y:80/logstores HTTP/1.1\r\nHost: p.x.y\r\n\r\n',
  'GET http:// HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT a.log.aliyuncs.com:443 HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
  'get / http/1.1\r\n\r\n',
  `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
  'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\r\n\r\n\r\n',
  '\u0016\u0003\u0001\u0000\u0005\u0001',
];

/** Returns bytes for one connection: noise, broken requests, several at once. */
export function rawBytes(random: Random, make: (random: Random) => FuzzRequest): Buffer {
  const parts = Array.from({ length: 1 + random.below(3) }, () => {
    if (random.chance(0.3))
      return Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256)));
    const whole = random.chance(0.5) ? Buffer.from(random.pick(lines), 'latin1') : bytesOf(make(random));
    return random.chance(0.5) ? whole : breakBytes(breakBytes(whole, random), random);
  });
  return Buffer.concat(parts);
}

export interface RawOptions {
  readonly port: number;
  readonly timeoutMs: number;
}

/** Sends bytes, ends its side, and resolves with what is wrong with what came back; undefined: nothing. */
export function sendRaw(bytes: Buffer, { port, timeoutMs }: RawOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      socket.end();
    });
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      resolve(`the connection is open ${timeoutMs} ms after its client ended it`);
    });
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(faultOfReplies(received)));
  });
}

function faultOfReplies(received: string): string | undefined {
  const statuses = [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  // 501: not emulated; 505: another version of HTTP.
  const wrong = statuses.find((status) => status >= 500 && status !== 501 && status !== 505);
  return wrong === undefined ? undefined : `status ${wrong}`;
}
