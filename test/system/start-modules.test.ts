/** What a server loads, and when: packages that most servers never need take memory only where they are used. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killAll, serve } from './serve.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-modules-'));
});
afterEach(() => {
  killAll();
  rmSync(folder, { recursive: true });
});

/** For what a process does on a machine with much else to do. */
const patient = { timeout: 20_000 };

/** Starts a server that writes down the packages that it loads, each at once. */
async function serveWatched(env: Record<string, string> = {}) {
  const list = join(folder, 'packages');
  const preload = `
    import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    const seen = new Set();
    const packageOf = (url) => /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
    registerHooks({
      load(url, context, nextLoad) {
        const name = packageOf(url);
        if (name !== undefined && !seen.has(name)) appendFileSync(${JSON.stringify(list)}, name + '\\n');
        seen.add(name);
        return nextLoad(url, context);
      },
    });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(preload)}`;
  const { url } = await serve([], { NODE_OPTIONS, ...env });
  const isLoaded = (name: string): boolean => readFileSync(list, 'utf8').split('\n').includes(name);
  return { url, isLoaded };
}

it(
  'a server loads the client of Redis, certificates and the OpenAPI document where they are used only',
  patient,
  async () => {
    const { url, isLoaded } = await serveWatched();
    const beat = `${url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=300`;
    for (const path of [beat, `${url}/metrics`, `${url}/_heartbeatd/leases`])
      expect((await fetch(path)).status).toBe(200);
    expect(isLoaded('fastify')).toBe(true);
    const unused = ['ioredis', '@msgpack/msgpack', 'node-forge', '@fastify/swagger', 'yaml', 'ajv'];
    expect(unused.filter(isLoaded)).toEqual([]);

    const document = (await (await fetch(`${url}/_heartbeatd/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toContain('/_heartbeatd/leases');
    expect(unused.filter(isLoaded)).toEqual(['@fastify/swagger', 'yaml']);
  },
);

it('a server with REDIS_URL has the client of Redis when it listens', patient, async () => {
  // Nothing listens there: a server starts without its Redis.
  const { isLoaded } = await serveWatched({ REDIS_URL: 'redis://127.0.0.1:1' });
  expect(isLoaded('ioredis')).toBe(true);
});

it('a server with TLS=auto can issue certificates when it listens', patient, async () => {
  const { isLoaded } = await serveWatched({ TLS: 'auto', TLS_FOLDER: join(folder, 'tls') });
  expect(isLoaded('node-forge')).toBe(true);
});
