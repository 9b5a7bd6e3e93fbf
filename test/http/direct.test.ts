import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveDirectly } from '../../src/http/direct.ts';
import { readWhole } from '../../src/http/whole/request.ts';
import type { WholeResponse } from '../../src/http/whole/response.ts';
import { silentLog } from '../../src/settings/log.ts';
import { type StartedApp, startApp } from '../start-app.ts';

/** Sends bytes on a connection of its own; returns all that comes back. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return received;
}

const head = (method: string, target: string, ...headers: readonly string[]): string =>
  [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');

const json = 'Content-Type: application/json';

describe('a frequent route', () => {
  let server: Server;
  let isClosing = false;
  let isLate = false;
  let servePast: ReturnType<typeof serveDirectly>['serveWhole'];
  const responses: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.end('framework');
    });
    const { add, serveWhole } = serveDirectly(server, {
      log: silentLog as unknown as FastifyBaseLogger,
      requestId: () => 'id',
      authorityOf: ({ raw }) => raw.headers.host ?? '',
      clientAddress: () => '',
      admit: (_raw, _response, start) => start(),
      onResponse: (request, reply) => responses.push(`${request.operation} ${reply.statusCode}`),
      isClosing: () => isClosing,
      isLate: () => isLate,
      refuse: (_request, _reply, done) => done(new Error('busy')),
    });
    servePast = serveWhole;
    for (const method of ['GET', 'POST']) {
      add({
        method,
        path: '/v1/:tenant/beat',
        protocol: 'test',
        bodyLimit: 20,
        async handle(request, reply) {
          request.operation = 'Beat';
          const { params, query, authority, id, body } = request;
          if ((query as { fail?: string }).fail === '1') throw new Error('broken');
          reply.raw.end(JSON.stringify({ params, query, authority, id, body: body?.toString() }));
        },
        async sendError(error, _request, reply) {
          const { message } = error as Error;
          reply.raw.writeHead(500, { 'content-length': message.length }).end(message);
        },
      });
    }
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  const send = async (bytes: string): Promise<string> => {
    const reply = await exchange((server.address() as AddressInfo).port, bytes);
    return reply.slice(reply.indexOf('\r\n\r\n') + 4);
  };

  it('gets its parameters, its query and its body', async () => {
    const reply = await send(
      `${head('POST', '/v1/demo-1.x/beat?a=b%20c&d=1&d=2', json, 'Content-Length: 7')}{"e":1}`,
    );
    expect(JSON.parse(reply)).toEqual({
      params: { tenant: 'demo-1.x' },
      query: { a: 'b c', d: ['1', '2'] },
      authority: 'localhost',
      id: 'id',
      body: '{"e":1}',
    });
    expect(JSON.parse(await send(head('GET', '/v1/demo/beat')))).toMatchObject({ query: {} });
    expect(responses).toEqual(['Beat 200', 'Beat 200']);
  });

  it('sends the error of a handler that fails', async () => {
    expect(await send(head('GET', '/v1/demo/beat?fail=1'))).toBe('broken');
  });

  it.each([
    ['another path', head('GET', '/v1/demo/beats')],
    ['a path with more segments', head('GET', '/v1/demo/beat/x')],
    ['a trailing slash', head('GET', '/v1/demo/beat/')],
    ['an empty parameter', head('GET', '/v1//beat')],
    ['an encoded character in the path', head('GET', '/v1/a%2Fb/beat')],
    ['a semicolon in the path', head('GET', '/v1/a;b/beat')],
    ['an absolute-form target', head('GET', 'http://localhost/v1/demo/beat')],
    ['a long target', head('GET', `/v1/demo/beat?${'x'.repeat(9_000)}`)],
    ['another method', head('PUT', '/v1/demo/beat', 'Content-Length: 0')],
    [
      'a body over its limit',
      `${head('POST', '/v1/demo/beat', json, 'Content-Length: 21')}${' '.repeat(21)}`,
    ],
    ['an empty body with a type', head('POST', '/v1/demo/beat', json, 'Content-Length: 0')],
    [
      'a body in chunks',
      `${head('POST', '/v1/demo/beat', json, 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'a malformed Content-Type',
      `${head('POST', '/v1/demo/beat', 'Content-Type: json', 'Content-Length: 2')}{}`,
    ],
  ])('is left to the framework for %s', async (_what, bytes) => {
    expect(await send(bytes)).toBe('framework');
  });

  it('past the parser of Node is refused while the event loop is late, and not left to Node', async () => {
    const request = readWhole(
      Buffer.from('GET /v1/demo/beat HTTP/1.1\r\nHost: a\r\n\r\n'),
      new Socket(),
      undefined,
    );
    if (request === undefined) throw new Error('not read');
    isLate = true;
    const reply = await new Promise<string>((resolve) => {
      const raw = {
        writeHead: (status: number) => ({ end: (text: string) => resolve(`${status} ${text}`) }),
      };
      expect(servePast(request, raw as unknown as WholeResponse)).toBe(true);
    });
    isLate = false;
    expect(reply).toBe('500 busy');
  });

  it('is left to the framework while the server closes', async () => {
    isClosing = true;
    expect(await send(head('GET', '/v1/demo/beat'))).toBe('framework');
    isClosing = false;
  });
});

describe('a heartbeat', () => {
  let started: StartedApp;
  let token: string;
  const host = 'demo.cn-hangzhou.log.aliyuncs.com';
  const group = '/logstores/store/consumergroups';

  beforeAll(async () => {
    started = await startApp({ slsAutoCreate: true });
    const login = await started.app.inject({
      method: 'POST',
      url: '/api/v1.1.0/login',
      payload: { username: 'api', password: 'x', port: '8260' },
    });
    token = login.json<{ token: string }>().token;
    await started.app.inject({
      method: 'POST',
      url: group,
      headers: { host },
      payload: { consumerGroup: 'g', timeout: 60, order: false },
    });
  });
  afterAll(() => started.close());

  const presence = '/v2/presence/sub-key/demo/channel';
  const pbx = (query: string): string => `/api/v1.1.0/heartbeat?token=${query}`;

  it.each([
    ['presence', 'GET', `${presence}/a,b/heartbeat?uuid=u&heartbeat=300`, ''],
    ['presence without a uuid', 'GET', `${presence}/a/heartbeat`, ''],
    ['presence with a repeated uuid', 'GET', `${presence}/a/heartbeat?uuid=u&uuid=v`, ''],
    ['presence with a malformed escape', 'GET', `${presence}/a/heartbeat?uuid=%FF`, ''],
    ['presence by JSONP', 'GET', `${presence}/a/heartbeat?uuid=u&callback=f`, ''],
    ['presence of a lone comma', 'GET', `${presence}/,/heartbeat?uuid=u`, ''],
    ['pbx', 'POST', pbx('{token}'), ''],
    ['pbx with a callback', 'POST', pbx('{token}'), '{"ipaddr":"127.0.0.1","port":"8260","url":"r"}'],
    ['pbx without a token', 'POST', '/api/v1.1.0/heartbeat', ''],
    ['pbx with an unknown token', 'POST', pbx('none'), ''],
    ['pbx with XML', 'POST', pbx('{token}'), '<xml/>'],
    ['pbx of a bad version', 'POST', '/api/nothing/heartbeat?token=x', ''],
    ['sls', 'POST', `${group}/g?type=heartbeat&consumer=c`, '[]'],
    ['sls without a body', 'POST', `${group}/g?type=heartbeat&consumer=c`, ''],
    ['sls with a bad body', 'POST', `${group}/g?type=heartbeat&consumer=c`, '{"a":1'],
    ['sls of an unknown group', 'POST', `${group}/none?type=heartbeat&consumer=c`, '[]'],
    ['sls without a consumer', 'POST', `${group}/g?type=heartbeat`, '[]'],
    ['sls checkpoint', 'POST', `${group}/g?type=checkpoint&consumer=c`, '{"shard":0,"checkpoint":"MA=="}'],
  ] as const)('of %s gets the same reply as by the framework', async (_what, method, target, body) => {
    const headers = { host, ...(body === '' ? {} : { 'content-type': 'application/json' }) };
    const url = target.replace('{token}', token);
    const injected = await started.app.inject({
      method,
      url,
      headers,
      ...(body === '' ? {} : { payload: body }),
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const length = body === '' ? [] : [`content-length: ${body.length}`];
    const reply = await exchange(
      (started.app.server.address() as AddressInfo).port,
      [`${method} ${url} HTTP/1.1`, 'connection: close', ...lines, ...length, '', body].join('\r\n'),
    );
    const [status = '', ...received] = reply.slice(0, reply.indexOf('\r\n\r\n')).split('\r\n');
    expect(Number(status.split(' ')[1])).toBe(injected.statusCode);
    const comparable = (names: readonly string[]): readonly string[] =>
      names
        .map((name) => name.toLowerCase())
        .filter((name) => !['date', 'connection', 'keep-alive'].includes(name));
    expect(comparable(received.map((line) => line.split(':', 1)[0] ?? ''))).toEqual(
      comparable(Object.keys(injected.headers)),
    );
    const withoutIds = (text: string): string => text.replaceAll(/[0-9A-F]{24}/g, 'id');
    expect(withoutIds(reply.slice(reply.indexOf('\r\n\r\n') + 4))).toBe(withoutIds(injected.body));
  });
});

it('the raw request of a direct route is what the framework gives', async () => {
  const seen: string[] = [];
  const started = await startApp(
    {},
    {
      protocols: [
        {
          name: 'probe',
          title: 'Probe',
          settings: {},
          create: () => ({
            name: 'probe',
            operationNames: [],
            claims: () => true,
            async sendError(_error, _request, reply) {
              reply.raw.end();
            },
            async routes(app) {
              const handle = async (request: FastifyRequest): Promise<void> => {
                const { method, url, clientAddress, id, routeOptions } = request;
                seen.push(
                  JSON.stringify({ method, url, clientAddress, isText: typeof id, route: routeOptions.url }),
                );
              };
              app.get('/probe/:a', async (request) => handle(request));
              app.serveDirectly?.({
                method: 'GET',
                path: '/probe/:a',
                protocol: 'probe',
                bodyLimit: 0,
                async handle(request, reply) {
                  await handle(request);
                  reply.raw.end();
                },
                async sendError() {},
              });
            },
          }),
        },
      ],
    },
  );
  const port = (started.app.server.address() as AddressInfo).port;
  await exchange(port, head('GET', '/probe/x?y=1'));
  await started.app.inject('/probe/x?y=1');
  expect(seen).toHaveLength(2);
  expect(seen[0]).toBe(seen[1]);
  await started.close();
});
