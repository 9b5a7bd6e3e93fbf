/** Requests as the vendor's SDKs send them, byte for byte as captured except for names and bodies. */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { sampleGroup } from '../service.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp();
});
afterEach(() => started.close());

/** Sends a request and returns everything received until the connection ends; `body` waits for `100 Continue` if the head expects it. */
function say(head: string, body: Buffer = Buffer.alloc(0)): Promise<Buffer> {
  const { hostname, port } = new URL(started.url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(head.replaceAll('\n', '\r\n'));
      if (!head.includes('100-continue')) socket.write(body);
    });
    let waits = head.includes('100-continue');
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (!waits || !chunk.toString().startsWith('HTTP/1.1 100')) return;
      waits = false;
      socket.write(body);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}

const chunked = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]);
const statusOf = (answer: Buffer): string =>
  answer
    .toString('latin1')
    .replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
    .split('\r\n', 1)[0] ?? '';
const ok = 'HTTP/1.1 200 OK';

describe('each way of an SDK to name the project', () => {
  it.each([
    ['Python, an address without a port', '/', 'my-project.127.0.0.1'],
    ['Python, a name, whose port it drops', '/', 'my-project.sls.local'],
    [
      'Python through a proxy',
      'http://my-project.cn-hangzhou.log.aliyuncs.com:80/',
      'my-project.cn-hangzhou.log.aliyuncs.com',
    ],
    ['Go, a name, whose port it keeps', '/', 'my-project.sls.local:8080'],
    ['Go and Java through a proxy', 'http://my-project.anything.tld/', 'my-project.anything.tld'],
    ['Java, a name on port 80', '/', 'my-project.sls.local'],
    ['C++, an address', '/', 'my-project.127.0.0.1'],
    ['C++, an address and a port', '/', 'my-project.127.0.0.1:18087'],
    ['Node, a query of nothing', '/?', 'my-project.localhost:18081'],
  ])('%s', async (_what, target, host) => {
    const created = await say(
      `POST ${target} HTTP/1.1\nHost: ${host}\nConnection: close\nContent-Type: application/json\nContent-Length: 28\n\n`,
      Buffer.from('{"projectName":"my-project"}'),
    );
    expect(statusOf(created)).toBe(ok);
    const found = await say(
      `GET ${target} HTTP/1.1\nHost: ${host}\nConnection: close\nContent-Length: 0\n\n`,
    );
    expect(found.toString()).toContain('"projectName":"my-project"');
  });
});

describe('the SDK for C++', () => {
  const post = (path: string, type: string, length: number, more = ''): string =>
    `POST ${path} HTTP/1.1\nHost:my-project.127.0.0.1:18087\nAccept: */*\nTransfer-Encoding: chunked\nContent-Length:${length}\nContent-Type:${type}\nUser-Agent:sls-cpp-sdk v0.6.2\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:${length}\nx-log-signaturemethod:hmac-sha1${more}\nConnection: close\nExpect: 100-continue\n\n`;
  const get = (path: string): string =>
    `GET ${path} HTTP/1.1\nHost:my-project.127.0.0.1:18087\nAccept-Encoding:lz4\nAccept:application/x-protobuf\nContent-Length:0\nContent-Type:\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nConnection: close\n\n`;
  const json = (path: string, body: object): Promise<Buffer> => {
    const bytes = Buffer.from(JSON.stringify(body));
    return say(post(path, 'application/json', bytes.length), chunked(bytes));
  };

  it('sends both framings, waits for 100 Continue, and reads lower-case header names only', async () => {
    expect(statusOf(await json('/', { projectName: 'my-project' }))).toBe(ok);
    expect(statusOf(await json('/logstores', { logstoreName: 'my-logstore', ttl: 7, shardCount: 1 }))).toBe(
      ok,
    );
    const root = '/logstores/my-logstore';
    expect(
      statusOf(await json(`${root}/consumergroups`, { consumerGroup: 'cg1', timeout: 60, order: false })),
    ).toBe(ok);
    const beat = await say(
      post(`${root}/consumergroups/cg1?consumer=c1&type=heartbeat`, 'application/json', 2),
      chunked(Buffer.from('[]')),
    );
    expect(beat.toString()).toMatch(/\r\n\r\n\[0\]$/);
    expect(
      statusOf(await say(post(root, 'application/x-protobuf', sampleGroup.length), chunked(sampleGroup))),
    ).toBe(ok);
    const found = await say(get(`${root}/shards/0?from=begin&type=cursor`));
    const cursor = /"cursor":"([^"]+)"/.exec(found.toString())?.[1] ?? '';
    const pulled = (
      await say(get(`${root}/shards/0?count=10&cursor=${encodeURIComponent(cursor)}&type=log`))
    ).toString('latin1');
    for (const name of [
      'x-log-requestid',
      'x-log-cursor',
      'x-log-count',
      'x-log-bodyrawsize',
      'x-log-compresstype',
    ])
      expect(pulled).toContain(`\r\n${name}: `);
    expect(pulled).toContain('TestKey');
  });

  it('is refused if lenient framing is off', async () => {
    await started.close();
    started = await startApp({ lenientFraming: 'never' });
    const bytes = Buffer.from('{"projectName":"my-project"}');
    const answer = await say(post('/', 'application/json', bytes.length), chunked(bytes));
    expect(statusOf(answer)).toMatch(/^HTTP\/1\.1 400 /);
  });
});
