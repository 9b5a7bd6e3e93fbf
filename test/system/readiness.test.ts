/** What load balancers and container engines are told: readiness, its end at SIGTERM, and the health check of the image. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { killAll, launch, serve } from './serve.ts';

afterEach(killAll);

const readiness = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;

it('/readyz fails at SIGTERM for the drain delay, while requests are still served; a second signal ends it', async () => {
  const { url, child, ended } = await serve(['--drain-delay', '600000']);
  expect(await readiness(url)).toBe(200);
  child.kill('SIGTERM');
  await expect.poll(() => readiness(url)).toBe(503);
  expect((await fetch(`${url}/time/0`)).status).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toBe(1);
});

it('stops once the drain delay is over', async () => {
  const { child, ended } = await serve(['--drain-delay', '50']);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

it('--healthcheck says whether a server is ready', async () => {
  const { url, kill } = await serve();
  const { port } = new URL(url);
  expect(await launch(['--healthcheck', '--port', port]).ended).toBe(0);
  expect(await launch(['--healthcheck'], { HOST: '0.0.0.0', PORT: port }).ended).toBe(0);
  await kill('SIGTERM');
  const failed = launch(['--healthcheck', '-p', port]);
  expect(await failed.ended).toBe(1);
  expect(failed.printed()).toMatch(/^heartbeatd: not ready: 127\.0\.0\.1:\d+ \(.*\)\n$/);
});

it('--healthcheck fails on a server that replies with an error', async () => {
  const failing = createServer((socket) =>
    socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
  );
  failing.listen(0, '127.0.0.1');
  await once(failing, 'listening');
  const { port } = failing.address() as AddressInfo;
  const failed = launch(['--healthcheck', '-p', `${port}`]);
  expect(await failed.ended).toBe(1);
  expect(failed.printed()).toContain('/readyz replied 503');
  failing.close();
});

it('a secret is read from the file that its variable with _FILE names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  try {
    const path = join(folder, 'token');
    writeFileSync(path, 's3cret\n');
    const { url, kill } = await serve([], { OPERATOR_TOKEN_FILE: path });
    const ask = async (authorization: string): Promise<number> =>
      (await fetch(`${url}/_heartbeatd/leases`, { headers: { authorization } })).status;
    expect([await ask('Bearer s3cret'), await ask('Bearer other')]).toEqual([200, 401]);
    await kill('SIGTERM');
    const both = launch([], { OPERATOR_TOKEN_FILE: path, OPERATOR_TOKEN: 'x' });
    expect(await both.ended).toBe(2);
    expect(both.printed()).toMatch(/^heartbeatd: OPERATOR_TOKEN: .*OPERATOR_TOKEN_FILE/);
    const missing = launch([], { OPERATOR_TOKEN_FILE: `${path}.none` });
    expect(await missing.ended).toBe(2);
    expect(missing.printed()).toMatch(/^heartbeatd: OPERATOR_TOKEN_FILE: ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
