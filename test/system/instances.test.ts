/** Servers in the process of a test leave nothing behind. `npm run bench:instances` measures what they cost. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { startHeartbeatd } from '../../src/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Starts a server, lets it do a little of everything that takes resources, and stops it. */
async function useOne(): Promise<void> {
  const hb = await startHeartbeatd();
  const { presence } = hb.tenant();
  const channel = `${hb.url}/v2/presence/sub-key/${presence.config.subscribeKey}/channel/lobby`;
  await (await fetch(`${channel}/heartbeat?uuid=ann&heartbeat=60`)).text();
  const events = hb.events({ tenant: presence.tenant });
  const first = events.next();
  await presence.clock.advance('60s');
  await presence.journal.read();
  await hb.close();
  await first;
  await events.return();
}

async function useMany(count: number): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) await useOne();
}

/** Resolves to the heap in use once garbage is gone; finalizers need a turn. */
async function heapAtRest(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** Returns how many sockets, servers and timers keep the event loop busy. */
const resources = (): number => process.getActiveResourcesInfo().length;
const listeners = (): number =>
  process.eventNames().reduce((total, name) => total + process.listenerCount(name), 0);

it('servers that were closed leave no memory, sockets, timers or listeners of the process behind', async () => {
  // Compiles code and fills caches.
  await useMany(20);
  const before = { heap: await heapAtRest(), resources: resources(), listeners: listeners() };
  await useMany(40);
  // A few are of the test itself; one of each server would be forty.
  await expect.poll(resources).toBeLessThan(before.resources + 5);
  expect(listeners()).toBe(before.listeners);
  // A closed server that is kept takes 3.9 MiB; fetch keeps a little of each address that it was sent to.
  expect((await heapAtRest()) - before.heap).toBeLessThan(40 * 100 * 1_024);
}, 120_000);
