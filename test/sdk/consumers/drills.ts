/** What every consumer library of the vendor must live through here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'vitest';
import { startRedis } from '../../redis-server.ts';
import { drill, drillOrder, keyId, keySecret, setUp } from './drill.ts';
import { type Address, type Server, startServer } from './server.ts';
import { killWorkers, type Library } from './worker.ts';

/**
 * Made when first asked for: installing takes its time.
 *
 * The timeout of its group must be longer than a consumer is silent whose server is killed: from its last heartbeat before to
 * the first one that is answered again. That is what a server takes to come back on a busy machine, and up to two heartbeats,
 * for who finds no server waits for its next turn, or between attempts. The other node over Redis lets go of whoever is silent
 * for longer; their libraries consume on until they hear of it, and logs are consumed twice, as with the service itself. The
 * tests of outages have timeouts as short as two heartbeats, with a clock of their own.
 */
export interface Candidate {
  readonly name: string;
  readonly missing: string | undefined;
  /** Where its servers must listen; absent: anywhere. */
  readonly addresses?: readonly [Address, Address];
  install(): Library;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  killWorkers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
/** A server that checks signatures; the test's end ends it. */
export async function serve(address: Address | undefined, ...args: string[]): Promise<Server> {
  const server = await startServer(
    ['--sls-auth', 'verify', '--sls-keys', `${keyId}:${keySecret}`, ...args],
    address,
  );
  cleanups.push(() => server.stop());
  return server;
}

export function drills({ name, missing, install, addresses }: Candidate): void {
  describe(name, () => {
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
}
