/** Whatever is sent: never a 5xx, never a crash, never a hang, and on a vendor's paths an answer in that vendor's shape. */
import { connect } from 'node:net';
import fc from 'fast-check';
import type { InjectOptions, Response } from 'light-my-request';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { body, headers, path, query } from './odd-requests.ts';

const requests = Number(process.env.FUZZ_REQUESTS ?? 20_000);

let started: StartedApp;
beforeAll(async () => {
  started = await startApp({ slsAutoCreate: true });
});
afterAll(() => started.close());

function expectVendorShape(url: string, answer: Response): void {
  const pathname = url.split('?', 1)[0] ?? '';
  if (answer.body === '') return;
  // Whatever is asked of a host of SLS is answered by SLS, unless another protocol has the route.
  if (answer.statusCode >= 400 && answer.headers['x-log-requestid'] !== undefined) {
    expect(Object.keys(answer.json())).toEqual(['errorCode', 'errorMessage']);
    return;
  }
  if (pathname.startsWith('/api/')) {
    expect(answer.statusCode).toBe(200);
    expect(['Success', 'Failed']).toContain(answer.json().status);
  } else if (/^\/(v[123]|time)\//.test(pathname)) {
    const json = /^[\w$.]*\(?([\s\S]*?)\)?$/.exec(answer.body)?.[1] ?? '';
    if (answer.statusCode >= 400) {
      const { message, error } = JSON.parse(json) as { message?: string; error?: { message?: string } };
      expect(message ?? error?.message).toBeTypeOf('string');
    }
  } else if (/^\/(publish|signal)\//.test(pathname)) {
    const json = /^[\w$.]*\(?([\s\S]*?)\)?$/.exec(answer.body)?.[1] ?? '';
    const told: unknown = JSON.parse(json);
    if (Array.isArray(told)) expect(told).toHaveLength(3);
    else expect(told).toHaveProperty('message');
  } else if (pathname === '/' || /^\/logstores(\/|$)/.test(pathname)) {
    if (answer.statusCode !== 200) expect(Object.keys(answer.json())).toEqual(['errorCode', 'errorMessage']);
    expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  }
}

it(`${requests} requests of every kind are answered, none with a 5xx`, async () => {
  const request = fc.record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'),
    path,
    query,
    body,
    headers,
  });
  await fc.assert(
    fc.asyncProperty(
      request,
      async ({ method, path: target, query: parameters, body: payload, headers: sent }) => {
        const url = parameters === '' ? target : `${target}?${parameters}`;
        const options: InjectOptions = {
          method: method as 'GET',
          url: { pathname: target, query: parameters },
          headers: { host: '127.0.0.1', ...sent },
        };
        if (method !== 'GET' && method !== 'HEAD' && payload.length > 0) options.payload = payload;
        const answer = await started.app.inject(options);
        // 501 is how what is not emulated says so.
        if (answer.statusCode !== 501)
          expect(answer.statusCode, `${method} ${url} ${answer.body}`).toBeLessThan(500);
        if (method !== 'HEAD' && method !== 'OPTIONS')
          // As it arrived: dots in a path are gone by then.
          expectVendorShape(answer.raw.req.url ?? url, answer);
      },
    ),
    { numRuns: requests },
  );
}, 120_000);

it('raw bytes on the socket get an answer or an end, and the server goes on', async () => {
  const { hostname, port } = new URL(started.url);
  const line = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(
        fc.constantFrom('GET', 'POST', 'CONNECT', 'get', 'X', ''),
        fc.string({ maxLength: 40 }),
        fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1 HTTP/1.1', 'HTTP/9', ''),
      )
      .map((parts) =>
        Buffer.from(
          `${parts.join(' ')}\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
        ),
      ),
    fc.constantFrom(
      Buffer.from('GET http://p.x.y:80/logstores HTTP/1.1\r\nHost: p.x.y\r\n\r\n'),
      Buffer.from('GET http:// HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from('GET * HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
      Buffer.from('POST /api/v1.1.0/heartbeat HTTP/1.1\r\nContent-Length: -1\r\n\r\n'),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), async (chunks) => {
      const heard = await new Promise<string>((resolve) => {
        let collected = '';
        const socket = connect(Number(port), hostname, () => {
          for (const chunk of chunks) socket.write(chunk);
          // A client that says no more: whatever it left unfinished must not be waited for.
          socket.end();
        });
        socket.on('data', (data) => {
          collected += data.toString('latin1');
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(collected));
      });
      expect(heard).not.toMatch(/^HTTP\/1\.1 5(?!01)/m);
    }),
    { numRuns: Number(process.env.FUZZ_CONNECTIONS ?? 500) },
  );
  expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
}, 60_000);
