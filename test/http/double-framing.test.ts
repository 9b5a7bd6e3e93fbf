import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
const sockets: Socket[] = [];
beforeEach(async () => {
  started = await startApp({ operatorOpen: true });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await started.close();
});

/** Sends pieces of bytes on a new connection, each after the first once something came back; resolves with all that came back. */
const exchange = (...pieces: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
    sockets.push(socket);
    const left = [...pieces];
    let received = '';
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      received += bytes;
      const next = left.shift();
      if (next !== undefined) socket.write(next);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
    socket.write(left.shift() ?? '');
  });

const json = '{"projectName":"p1"}';
const framing = (length: number): string => `Transfer-Encoding: chunked\r\nContent-Length:${length}\r\n`;
const head = (target: string, framed: string, method = 'POST'): string =>
  `${method} ${target} HTTP/1.1\r\nHost:p1.127.0.0.1\r\nAccept: */*\r\n${framed}Content-Type:application/json\r\nx-log-apiversion:0.6.0\r\nx-log-bodyrawsize:20\r\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const end = '0\r\n\r\n';
const reset = 'POST /_heartbeatd/reset HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n';
const join = '/v2/presence/sub-key/z/channel/c/heartbeat?uuid=ann';
const occupancy = async (): Promise<unknown> =>
  ((await (await fetch(`${started.url}/v2/presence/sub-key/z/channel/c`)).json()) as { occupancy: number })
    .occupancy;

describe('a request with Content-Length and chunks', () => {
  it('is served in the form of the SLS client for C++', async () => {
    const request = `${head('/', framing(json.length))}Expect: 100-continue\r\n\r\n`;
    const text = await exchange(request, chunk(json) + end);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(text.toLowerCase()).toContain('connection: close');
    expect((await started.app.inject({ url: '/', headers: { host: 'p1.127.0.0.1' } })).json()).toMatchObject({
      projectName: 'p1',
    });
  });

  it.each([
    ['one packet', [`${head('/', framing(20))}\r\n${chunk(json)}${end}`]],
    [
      'several chunks',
      [`${head('/', framing(20))}\r\n${chunk(json.slice(0, 3))}${chunk(json.slice(3))}${end}`],
    ],
    [
      'an empty body',
      [`${head('/logstores/l/consumergroups/g?type=heartbeat&consumer=c', framing(0))}\r\n${end}`],
    ],
  ])('is parsed in %s', async (_, pieces) => {
    const text = await exchange(...pieces);
    expect(text).toMatch(/^HTTP\/1\.1 [24]/);
    expect(text).toContain('x-log-requestid');
    expect(text).not.toContain('malformed');
  });

  it('is parsed from single bytes of its body', async () => {
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
    sockets.push(socket);
    socket.setNoDelay(true);
    const closed = new Promise<string>((resolve) => {
      let received = '';
      socket.on('data', (bytes) => {
        received += bytes;
      });
      socket.on('close', () => resolve(received));
    });
    socket.write(`${head('/', framing(20))}\r\n`);
    for (const byte of chunk(json.slice(0, 7)) + chunk(json.slice(7)) + end) {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise(setImmediate);
    }
    expect(await closed).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  const smuggled = (framed: string, body: string, target = '/'): string =>
    `${head(target, framed)}\r\n${body}`;
  it.each([
    [
      'a space before the colon',
      smuggled(`Transfer-Encoding : chunked\r\nContent-Length: ${5 + reset.length}\r\n`, end + reset),
    ],
    ['a stated length that covers a further request', smuggled(framing(5 + reset.length), end + reset)],
    ['chunks longer than the stated length', smuggled(framing(4), chunk(reset) + end)],
    ['two lengths', smuggled(`${framing(20)}Content-Length: 5\r\n`, chunk(json) + end + reset)],
    [
      'another transfer coding',
      smuggled(`Transfer-Encoding: identity, chunked\r\nContent-Length:20\r\n`, chunk(json) + end + reset),
    ],
    [
      'two transfer codings',
      smuggled(
        `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length:20\r\n`,
        chunk(json) + end + reset,
      ),
    ],
    [
      'a folded header',
      smuggled(`Transfer-Encoding:\r\n chunked\r\nContent-Length:20\r\n`, chunk(json) + end + reset),
    ],
    [
      'a line feed alone',
      smuggled(`X-A: b\nTransfer-Encoding: chunked\r\nContent-Length:20\r\n`, chunk(json) + end + reset),
    ],
    ['a chunk extension', smuggled(framing(20), `14;a=b\r\n${json}\r\n${end}${reset}`)],
    ['a chunk that is not ended', smuggled(framing(20), `14\r\n${json}XX${end}${reset}`)],
    ['a trailer', smuggled(framing(20), `${chunk(json)}0\r\nX-A: b\r\n\r\n${reset}`)],
    [
      'a length with a sign',
      smuggled(`Transfer-Encoding: chunked\r\nContent-Length: +20\r\n`, chunk(json) + end + reset),
    ],
    ['a path of the operator API', smuggled(framing(2), chunk('{}') + end, '/_heartbeatd/reset')],
    ['an encoded path of the operator API', smuggled(framing(2), chunk('{}') + end, '/%5Fheartbeatd/reset')],
    [
      'an absolute path of the operator API',
      smuggled(framing(2), chunk('{}') + end, 'http://127.0.0.1/_heartbeatd/reset'),
    ],
    ['GET', `${head('/', framing(2), 'GET')}\r\n${chunk('{}')}${end}${reset}`],
  ])('is refused with %s, and what follows it is not run', async (_, bytes) => {
    await fetch(started.url + join);
    const text = await exchange(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(await occupancy()).toBe(1);
  });

  it('is not what a request with an invalid length alone is refused for', async () => {
    const text = await exchange('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('{"error":"malformed HTTP request"}');
  });

  it('runs nothing that follows its body', async () => {
    await fetch(started.url + join);
    const text = await exchange(`${head('/', framing(20))}\r\n${chunk(json)}${end}${reset}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(await occupancy()).toBe(1);
  });
});
