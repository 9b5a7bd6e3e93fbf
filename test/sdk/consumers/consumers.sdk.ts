/** The vendor's consumer libraries, unmodified, live their whole life here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'vitest';
import { startRedis } from '../../redis-server.ts';
import { drill, endpoint, logstore, project, setUp } from './drill.ts';
import { hasTool, installGo, installPython } from './install.ts';
import { type Server, startServer } from './server.ts';
import type { Library } from './worker.ts';

const pythonVersion = '0.9.47';

/** Made when first asked for: installing takes its time. */
interface Candidate {
  readonly name: string;
  readonly missing: string | undefined;
  install(): Library;
}

const candidates: readonly Candidate[] = [
  {
    name: `Python (aliyun-log-python-sdk ${pythonVersion})`,
    missing: hasTool('python3', '-m', 'venv', '--help') ? undefined : 'python3 with venv',
    install() {
      const python = installPython(pythonVersion);
      const heartbeatSeconds = 2;
      return {
        name: 'python',
        heartbeatSeconds,
        command: ({ url, group, consumer }) => ({
          file: python,
          args: [
            join(import.meta.dirname, 'python', 'worker.py'),
            ...[endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
          ],
          env: { HTTP_PROXY: url },
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
        heartbeatSeconds,
        command: ({ url, group, consumer }) => ({
          file,
          args: [endpoint, project, logstore, group, consumer, String(heartbeatSeconds)],
          env: { HTTP_PROXY: url },
        }),
      };
    },
  },
];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
async function serve(...args: string[]): Promise<Server> {
  const server = await startServer(args);
  cleanups.push(() => server.stop());
  return server;
}

describe.each(candidates)('$name', ({ missing, install }) => {
  if (missing !== undefined) {
    it.skip(`is not tested here: there is no ${missing}`);
    return;
  }
  const logs = 10_000;

  it('consumes every log once through a kill, a newcomer and a stop, and goes on after a restart', async () => {
    const library = install();
    const { url } = await serve();
    await setUp(url);
    await drill({ library, urls: [url], group: 'cg', logs });
  });

  it('does not notice that the server was killed, with its store on a file', async () => {
    const library = install();
    const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const server = await serve('--data', join(folder, 'store.db'));
    await setUp(server.url);
    await drill({ library, urls: [server.url], group: 'cg', logs, midway: () => server.restart() });
  });

  it('does not notice that one of two nodes over Redis was killed', async () => {
    const library = install();
    const redis = await startRedis({ appendOnly: true });
    cleanups.push(() => redis.stop());
    const nodes = [await serve('--redis-url', redis.url), await serve('--redis-url', redis.url)];
    const urls = nodes.map(({ url }) => url);
    await setUp(urls[0] ?? '');
    await drill({ library, urls, group: 'cg', logs, midway: async () => nodes[0]?.restart() });
  });
});
