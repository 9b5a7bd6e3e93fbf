/** The rules of access, over HTTP. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { type StartedApp, type StartOptions, startApp } from '../../start-app.ts';

let started: StartedApp | undefined;
afterEach(async () => {
  await started?.close();
  started = undefined;
});

async function start(changes: Partial<Config> = {}, options: StartOptions = {}): Promise<StartedApp> {
  started = await startApp(changes, options);
  await started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300');
  return started;
}

/** Sends bytes as they are, and resolves with the reply once the server closes the connection. */
async function exchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  let reply = '';
  socket.on('data', (chunk) => {
    reply += chunk;
  });
  socket.write(request);
  await once(socket, 'close');
  return reply;
}

/** Every route of the operator API, as the OpenAPI document of an open server lists them, with the document itself. */
async function operatorRoutes(): Promise<{ method: string; url: string }[]> {
  const open = await startApp();
  const document = (await open.app.inject('/_heartbeatd/openapi.json')).json();
  await open.close();
  const routes = [{ method: 'GET', url: '/_heartbeatd/openapi.json' }];
  for (const [path, methods] of Object.entries((document as { paths: object }).paths)) {
    if (!/^\/(_heartbeatd\/|metrics$)/.test(path)) continue;
    for (const method of Object.keys(methods))
      routes.push({ method: method.toUpperCase(), url: path.replaceAll(/\{\w+\}/g, '1') });
  }
  return routes;
}

type Method = 'GET' | 'POST';

describe('over HTTP', () => {
  it('a page of another origin cannot reset the server', async () => {
    const { url, store } = await start();
    const answer = await fetch(`${url}/_heartbeatd/reset`, {
      method: 'POST',
      headers: { origin: 'http://other.example' },
    });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ error: expect.stringContaining('"http://other.example"') });
    expect(await store.tenants()).toMatchObject([{ tenant: 'presence/demo' }]);
    expect((await fetch(`${url}/_heartbeatd/reset`, { method: 'POST' })).status).toBe(200);
    expect(await store.tenants()).toEqual([]);
  });

  it.each([
    ['another name', { host: 'other.example' }],
    ['another name, with forwarding headers', { host: 'other.example', 'x-forwarded-host': 'localhost' }],
    ['another name, forwarded', { host: 'other.example', forwarded: 'host=localhost;for=127.0.0.1' }],
    ['another origin', { origin: 'http://other.example' }],
    [
      'another origin that says it is forwarded',
      { origin: 'https://localhost:80', 'x-forwarded-proto': 'https' },
    ],
    ['no origin', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
  ])('no operator route serves a request of %s', async (_what, headers) => {
    const served = await start();
    const routes = await operatorRoutes();
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, url } of routes) {
      const answer = await served.app.inject({ method: method as Method, url, headers });
      expect([method, url, answer.statusCode]).toEqual([method, url, 403]);
      expect(answer.json()).toEqual({ error: expect.any(String) });
    }
    // Routers decode paths, and answer HEAD where there is a GET.
    for (const url of ['/%5Fheartbeatd/leases', '/_heartbeatd/%6ceases', '/_heartbeatd/clock?x=1'])
      expect((await served.app.inject({ url, headers })).statusCode).toBe(403);
    expect((await served.app.inject({ method: 'HEAD', url: '/metrics', headers })).statusCode).toBe(403);
  });

  it('health is open to every host, origin and site', async () => {
    const { app } = await start({ operatorToken: 's3cret' }, { listenOn: '0.0.0.0' });
    const headers = { host: 'other.example', origin: 'http://other.example', 'sec-fetch-site': 'cross-site' };
    for (const url of ['/healthz', '/readyz']) {
      expect((await app.inject({ url, headers })).statusCode).toBe(200);
    }
  });

  it('vendor routes serve any host and origin as before', async () => {
    const { app } = await start();
    const headers = { host: 'other.example', origin: 'http://other.example', 'sec-fetch-site': 'cross-site' };
    const answer = await app.inject({ url: '/v2/presence/sub-key/demo/channel/lobby', headers });
    expect(answer.json()).toMatchObject({ occupancy: 1 });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  it('an absolute target counts with its own authority', async () => {
    const { url } = await start();
    const { host } = new URL(url);
    const ask = (target: string, from: string): Promise<string> =>
      exchange(url, `GET ${target} HTTP/1.1\r\nHost: ${from}\r\nConnection: close\r\n\r\n`);
    expect(await ask(`http://${host}/_heartbeatd/clock`, host)).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask('http://other.example/_heartbeatd/clock', host)).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask('http://127.0.0.1@other.example/_heartbeatd/clock', host)).toMatch(/^HTTP\/1.1 403 /);
    expect(await ask(`http://${host}/_heartbeatd/clock`, 'other.example')).toMatch(/^HTTP\/1.1 403 /);
  });

  it('a request that names no host is refused', async () => {
    const { url } = await start();
    expect(await exchange(url, 'GET /_heartbeatd/clock HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /);
  });

  it('neither CORS nor JSONP applies', async () => {
    const served = await start();
    for (const { url } of await operatorRoutes()) {
      const preflight = await served.app.inject({
        method: 'OPTIONS',
        url,
        headers: { origin: 'http://other.example', 'access-control-request-method': 'POST' },
      });
      expect(preflight.statusCode).toBe(404);
      expect(Object.keys(preflight.headers).join()).not.toContain('access-control');
    }
    const own = await served.app.inject({
      url: '/_heartbeatd/clock?callback=f&jsonp=f',
      headers: { origin: 'http://localhost' },
    });
    // Not wrapped in a call: a script of another page cannot read it.
    expect(own.json()).toEqual({ error: expect.stringContaining('unknown name "callback"') });
    expect(Object.keys(own.headers).join()).not.toContain('access-control');
    expect(own.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
});

describe('on an address beyond loopback', () => {
  it('every operator route is closed without a token, and the error says how to open it', async () => {
    const served = await start({}, { listenOn: '0.0.0.0' });
    for (const { method, url } of await operatorRoutes()) {
      const answer = await fetch(`${served.url}${url}`, { method });
      expect([method, url, answer.status]).toEqual([method, url, 403]);
      const { error } = (await answer.json()) as { error: string };
      expect(error).toMatch(/^the operator API is closed.* set OPERATOR_TOKEN, or OPERATOR_OPEN=true/);
    }
    expect(await served.store.tenants()).toHaveLength(1);
  });

  it('it is open with the token', async () => {
    const { url } = await start({ operatorToken: 's3cret' }, { listenOn: '0.0.0.0' });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/_heartbeatd/clock`, { headers })).status;
    expect(await status({ authorization: 'Bearer s3cret' })).toBe(200);
    expect(await status({})).toBe(401);
  });

  it('OPERATOR_OPEN opens it to programs, not to pages of other sites', async () => {
    const { url, app } = await start({ operatorOpen: true }, { listenOn: '0.0.0.0' });
    expect((await fetch(`${url}/_heartbeatd/clock`)).status).toBe(200);
    for (const headers of [{ host: 'other.example' }, { origin: 'http://other.example' }])
      expect((await app.inject({ url: '/_heartbeatd/clock', headers })).statusCode).toBe(403);
  });

  it('OPERATOR_OPEN does not replace a token that is set', async () => {
    const { url } = await start({ operatorOpen: true, operatorToken: 's3cret' }, { listenOn: '0.0.0.0' });
    expect((await fetch(`${url}/_heartbeatd/clock`)).status).toBe(401);
  });

  it('what the server is bound to counts, not how HOST is spelt', async () => {
    const { url } = await start({ host: '0.0.0.0' }, { listenOn: 'localhost' });
    expect((await fetch(`${url}/_heartbeatd/clock`)).status).toBe(200);
  });

  it('stays closed while the server closes', async () => {
    const { url, app } = await start({}, { listenOn: '0.0.0.0' });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).setEncoding('latin1');
    const body = '{"username":"api","password":"x"}';
    // A request whose body is awaited keeps the connection while the server closes.
    socket.write(
      `POST /api/v1.1.0/login HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await once(socket, 'data');
    const closed = app.close();
    await expect.poll(() => app.server.address()).toBeNull();
    let reply = '';
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.write(`${body}GET /_heartbeatd/clock HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await once(socket, 'close');
    expect(reply).toContain('"status":"Success"');
    expect(reply).not.toContain('leaseMs');
    await closed;
  });
});
