/** The vendor's consumer libraries, unmodified, live their whole life here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedis } from '../../redis-server.ts';
import { drill, drillOrder, endpoint, keyId, keySecret, logstore, project, setUp } from './drill.ts';
import { cache, hasTool, installGo, installJava, installPython } from './install.ts';
import { type Address, type Server, startServer } from './server.ts';
import { killWorkers, type Library } from './worker.ts';

const pythonVersion = '0.9.47';

/** Made when first asked for: installing takes its time. */
interface Candidate {
  readonly name: string;
  readonly missing: string | undefined;
  /** Where its servers must listen; absent: anywhere. */
  readonly addresses?: readonly [Address, Address];
  install(): Library;
}

const candidates: readonly Candidate[] = [
  {
    name: `Python (aliyun-log-python-sdk ${pythonVersion})`,
    missing: hasTool('python3', '-m', 'venv', '--help') ? undefined : 'python3 with venv',
    install() {
      const python = installPython(pythonVersion);
      // The library makes the timeout twice that: longer than a server takes to come back.
      const heartbeatSeconds = 4;
      return {
        name: 'python',
        command: ({ url, group, consumer }) => ({
          file: python,
          args: [
            join(import.meta.dirname, 'python', 'worker.py'),
            ...[endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
          ],
          // Some of them sign in the newer way.
          env: { HTTP_PROXY: url, SLS_AUTH_VERSION: consumer < 'c' ? 'v1' : 'v4' },
        }),
      };
    },
  },
  {
    name: 'Go (aliyun-log-go-sdk 0.1.115)',
    missing: hasTool('go', 'version') ? undefined : 'go',
    install() {
      const file = installGo();
      const heartbeatSeconds = 2;
      return {
        name: 'go',
        command: ({ url, group, consumer }) => ({
          file,
          args: [endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
          env: { HTTP_PROXY: url, SLS_AUTH_VERSION: consumer < 'c' ? 'v1' : 'v4' },
        }),
      };
    },
  },
  {
    // No port and no address may stand in its endpoint, and its settings for consumers name no proxy.
    name: 'Java (loghub-client-lib 0.6.41)',
    missing: javaMissing(),
    addresses: [
      { host: '127.0.0.1', port: 80 },
      { host: '127.0.0.2', port: 80 },
    ],
    install() {
      const classPath = installJava();
      const heartbeatSeconds = 2;
      return {
        name: 'java',
        command: ({ url, group, consumer }) => ({
          file: 'java',
          args: [
            ...[
              '-Xmx128m',
              `-Djdk.net.hosts.file=${hostsFile(new URL(url).hostname)}`,
              '-cp',
              classPath,
              'Worker',
            ],
            ...[endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
          ],
        }),
      };
    },
  },
];

function javaMissing(): string | undefined {
  if (!hasTool('javac', '-version') || !hasTool('mvn', '-version')) return 'JDK with Maven';
  return process.getuid?.() === 0 ? undefined : 'right to listen on port 80, which its endpoints mean';
}

/** A file that lets Java find the project here. */
function hostsFile(address: string): string {
  const path = join(cache, `hosts-${address}`);
  writeFileSync(path, `${address} ${project}.${endpoint}\n`);
  return path;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  killWorkers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
async function serve(address: Address | undefined, ...args: string[]): Promise<Server> {
  const server = await startServer(
    ['--sls-auth', 'verify', '--sls-keys', `${keyId}:${keySecret}`, ...args],
    address,
  );
  cleanups.push(() => server.stop());
  return server;
}

describe.each(candidates)('$name', ({ missing, install, addresses }) => {
  if (missing !== undefined) {
    it.skip(`is not tested here: there is no ${missing}`);
    return;
  }
  const logs = 10_000;

  it('consumes every log once through a kill, a newcomer and a stop, and goes on after a restart', async () => {
    const library = install();
    const { url } = await serve(addresses?.[0]);
    await setUp(url);
    await drill({ library, urls: [url], group: 'cg', logs });
  });

  it('consumes a shard before what it was split into, where order counts', async () => {
    const library = install();
    const { url } = await serve(addresses?.[0]);
    await setUp(url, 1);
    await drillOrder({ library, urls: [url], group: 'cg', logs: 1_000 });
  });

  it('does not notice that the server was killed, with its store on a file', async () => {
    const library = install();
    const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const server = await serve(addresses?.[0], '--data', join(folder, 'store.db'));
    await setUp(server.url);
    await drill({ library, urls: [server.url], group: 'cg', logs, midway: () => server.restart() });
  });

  it('does not notice that one of two nodes over Redis was killed', async () => {
    const library = install();
    const redis = await startRedis({ appendOnly: true });
    cleanups.push(() => redis.stop());
    const nodes = [
      await serve(addresses?.[0], '--redis-url', redis.url),
      await serve(addresses?.[1], '--redis-url', redis.url),
    ];
    const urls = nodes.map(({ url }) => url);
    await setUp(urls[0] ?? '');
    await drill({ library, urls, group: 'cg', logs, midway: async () => nodes[0]?.restart() });
  });
});

it.skipIf(!hasTool('javac', '-version') || !hasTool('mvn', '-version'))(
  'the Java SDK (aliyun-log 0.6.151) puts and pulls logs through the server as its proxy',
  async () => {
    const { url } = await serve(undefined);
    const { stdout } = await promisify(execFile)('java', [
      ...['-cp', installJava(), 'Proxied', new URL(url).port, endpoint, 'from-java', 'logs'],
    ]);
    expect(stdout).toContain('from Java');
  },
);
