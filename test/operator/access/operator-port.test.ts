/** The operator API on a port of its own: vendors and operators are served apart, and start and end together. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, fetch as fetchWith } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { connect, type Heartbeatd } from '../../../src/index.ts';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { listeningFields, type Served, welcome } from '../../../src/welcome.ts';

let hb: StartedHeartbeatd;
const heartbeat = '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300';
const statusOf = async (url: string, init?: RequestInit): Promise<number> => (await fetch(url, init)).status;

async function leasesOf(of: Heartbeatd): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const lease of of.leases.list()) found.push(lease);
  return found;
}

describe('with a port of its own', () => {
  beforeEach(async () => {
    hb = await startHeartbeatd({ settings: { operatorPort: 0 } });
  });
  afterEach(() => hb.close());

  it('the operator API is not on the port of vendors', async () => {
    expect(hb.operatorUrl).not.toBe(hb.url);
    const html = { headers: { accept: 'text/html' } };
    for (const path of [
      '/_heartbeatd',
      '/_heartbeatd/',
      '/_heartbeatd/start',
      '/_heartbeatd/leases',
      '/metrics',
    ]) {
      expect([path, await statusOf(hb.url + path)]).toEqual([path, 404]);
      expect([path, await statusOf(hb.url + path, html)]).toEqual([path, 404]);
      expect([path, await statusOf(hb.operatorUrl + path)]).toEqual([path, 200]);
    }
    expect(await statusOf(`${hb.url}/_heartbeatd/console/app.js`)).toBe(404);
    expect(await statusOf(`${hb.url}/_heartbeatd/reset`, { method: 'POST' })).toBe(404);
  });

  it('an unknown path and an operator path get the same reply on the port of vendors', async () => {
    const replies = await Promise.all(
      ['/_heartbeatd/leases', '/metrics', '/nothing/here'].map(async (path) => {
        const { status, headers } = await fetch(hb.url + path);
        return [status, headers.get('content-type')];
      }),
    );
    expect(new Set(replies.map(String)).size).toBe(1);
  });

  it('a browser that opens the port of vendors gets the reply of the vendor, and the console on the other', async () => {
    const init: RequestInit = { headers: { accept: 'text/html' }, redirect: 'manual' };
    expect(await statusOf(`${hb.url}/`, init)).not.toBe(302);
    const { status, headers } = await fetch(`${hb.operatorUrl}/`, init);
    expect([status, headers.get('location')]).toEqual([302, '/_heartbeatd/']);
  });

  it('vendors are not on the port of the operator API', async () => {
    expect(await statusOf(hb.url + heartbeat)).toBe(200);
    const reply = await fetch(hb.operatorUrl + heartbeat);
    expect([reply.status, await reply.text()]).toEqual([404, expect.stringContaining('served on PORT')]);
    expect(await leasesOf(hb)).toHaveLength(1);
  });

  it('probes are on both, and the list of routes names the port of vendors', async () => {
    for (const url of [hb.url, hb.operatorUrl])
      for (const path of ['/healthz', '/readyz']) expect(await statusOf(url + path)).toBe(200);
    const listed = await hb.operator.json('GET', '/');
    expect(listed).toMatchObject({ vendorPort: Number(new URL(hb.url).port) });
  });

  it('requests of both ports are counted, and the document lists the operations of both', async () => {
    await fetch(hb.url + heartbeat);
    const metrics = await (await fetch(`${hb.operatorUrl}/metrics`)).text();
    expect(metrics).toMatch(/requests_total\{protocol="presence",operation="Heartbeat",status="200"\} 1/);
    const { paths } = await hb.operator.json<{ paths: object }>('GET', '/openapi.json');
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/_heartbeatd/leases', '/api/{version}/login']),
    );
  });

  it('the checks of Host and Origin go by the port of the operator API', async () => {
    const clock = `${hb.operatorUrl}/_heartbeatd/clock`;
    expect(await statusOf(clock, { headers: { origin: hb.operatorUrl } })).toBe(200);
    expect(await statusOf(clock, { headers: { origin: hb.url } })).toBe(403);
  });

  it('the handle moves the clock, follows events, and connects to two addresses', async () => {
    await fetch(hb.url + heartbeat);
    const other = connect(hb.url, { operatorUrl: hb.operatorUrl });
    await other.ready();
    await other.clock.advance('10m');
    await other.waitForEvent({ type: 'lease.expired', holder: 'ann' }, { after: 0 });
    expect(await leasesOf(other)).toEqual([]);
  });

  it('the command line takes the address of the operator API', async () => {
    await fetch(hb.url + heartbeat);
    const run = promisify(execFile);
    const { HEARTBEATD_URL: _, ...env } = process.env;
    const { port } = new URL(hb.operatorUrl);
    const listed = await run(process.execPath, ['src/main.ts', 'leases'], {
      env: { ...env, OPERATOR_PORT: port },
    });
    expect(listed.stdout).toContain('ann');
  });

  it('both ports close, with an event stream open', async () => {
    const stream = await fetch(`${hb.operatorUrl}/_heartbeatd/events`);
    await hb.close();
    await stream.text();
    for (const url of [hb.url, hb.operatorUrl]) await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

describe('the address of the operator API', () => {
  it('decides whether it is open: vendors may be reached by other machines while operators are local', async () => {
    await using local = await startHeartbeatd({
      settings: { host: '0.0.0.0', operatorPort: 0, operatorHost: '127.0.0.1' },
    });
    expect(await leasesOf(local)).toEqual([]);
    await using reachable = await startHeartbeatd({
      settings: { host: '127.0.0.1', operatorPort: 0, operatorHost: '0.0.0.0' },
    });
    await expect(leasesOf(reachable)).rejects.toThrow('OPERATOR_TOKEN');
  });

  it('that is taken ends the start, and leaves the other port free', async () => {
    await using first = await startHeartbeatd({ settings: { operatorPort: 0 } });
    const taken = Number(new URL(first.operatorUrl).port);
    const { port } = await startHeartbeatd().then(async (free) => {
      await free.close();
      return new URL(free.url);
    });
    await expect(
      startHeartbeatd({ settings: { port: Number(port), operatorPort: taken } }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
      setting: 'OPERATOR_PORT',
    });
    await using next = await startHeartbeatd({ settings: { port: Number(port) } });
    expect(await statusOf(`${next.url}/healthz`)).toBe(200);
  });

  it.each([
    [['--operator-host', '127.0.0.1'], 'OPERATOR_HOST: needs OPERATOR_PORT'],
    [['--port', '8080', '--operator-port', '8080'], 'OPERATOR_PORT: 8080 is PORT as well'],
    [['--operator-port', '8080x'], '--operator-port: "8080x" is not a whole number'],
  ])('is refused in %j: %s', (argv, message) => {
    expect(() => readConfig(argv, {})).toThrow(message);
  });

  it('may have the number of PORT on another host', () => {
    const argv = ['--host', '127.0.0.1', '--operator-host', '127.0.0.2', '--operator-port', '8080'];
    expect(readConfig(argv, {})).toMatchObject({ operatorPort: 8080, port: 8080 });
    expect(readConfig([], { OPERATOR_PORT: 'same' })).toMatchObject({ operatorPort: 'same' });
  });

  it('is in the start-up text and in the first line of the log', () => {
    const served: Served = {
      host: '0.0.0.0',
      port: 8080,
      operatorAt: { host: '127.0.0.1', port: 9090 },
      store: 'embedded, in memory',
      version: '1.0.0',
      operator: 'open',
      hasConsole: true,
      isReachable: false,
      tls: 'off',
    };
    expect(welcome(served)).toContain("curl 'http://127.0.0.1:9090/_heartbeatd/leases'");
    expect(welcome(served)).toContain('http://127.0.0.1:9090/ in a browser shows the console');
    expect(welcome(served)).not.toContain(':8080/_heartbeatd');
    expect(listeningFields(served)).toMatchObject({
      url: 'http://127.0.0.1:8080',
      operatorUrl: 'http://127.0.0.1:9090',
    });
  });
});

it('serves HTTPS on the operator port with the same authority, and no tunnels', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  const tlsFolder = join(folder, 'tls');
  await using secure = await startHeartbeatd({ settings: { operatorPort: 0, tls: 'auto', tlsFolder } });
  const dispatcher = new Agent({ connect: { ca: readFileSync(join(tlsFolder, 'ca.pem'), 'utf8') } });
  const https = secure.operatorUrl.replace('http:', 'https:');
  const reply = await fetchWith(`${https}/_heartbeatd/leases`, { dispatcher, headers: { origin: https } });
  expect(reply.status).toBe(200);
  await dispatcher.close();
  rmSync(folder, { recursive: true });
});
