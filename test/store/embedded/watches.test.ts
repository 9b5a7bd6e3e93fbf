import { beforeEach, expect, it } from 'vitest';
import type { Driver } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { leaseEventsBelowTopic, leaseEventsTopic } from '../../../src/store/store.ts';

const tenant = 'presence/demo';
const forMs = 4_000;
let wallMs: number;
let driver: Driver;
beforeEach(() => {
  wallMs = 1_790_000_000_000;
  driver = openEmbeddedDriver({ wallMs: () => wallMs });
});

/** Lets time pass in steps that the lease clock takes whole. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    wallMs += Math.min(left, 1_000);
    await driver.sweep(0, 'owner', 100);
  }
}

async function watch(): Promise<void> {
  await driver.execute(0, [
    { name: 'watchEvents', input: { tenant, groups: ['g'], prefixes: ['g'], forMs } },
  ]);
}

async function recordedOfOne(holder: string): Promise<number> {
  await driver.execute(0, [
    { name: 'beat', input: { tenant, holder, groups: [{ group: 'g' }], ttlMs: 60_000, grant: true } },
  ]);
  const topics = [leaseEventsTopic('g'), leaseEventsBelowTopic('g')];
  const [outcome] = await driver.execute(0, [{ name: 'topicBounds', input: { tenant, topics } }]);
  const bounds = outcome !== undefined && 'result' in outcome ? outcome.result : [];
  return (bounds as readonly { entries: number }[]).reduce((sum, { entries }) => sum + entries, 0);
}

it('a watch lasts exactly its time', async () => {
  await watch();
  await pass(forMs - 1);
  expect(await recordedOfOne('ann')).toBe(2);
  await pass(1);
  expect(await recordedOfOne('bob')).toBe(2);
});

it('a watch that is set again lasts its whole time from then on, once half of it is over, and not before', async () => {
  await watch();
  await pass(forMs / 2);
  await watch();
  await pass(forMs / 2);
  expect(await recordedOfOne('ann')).toBe(0);
  await watch();
  await pass(forMs / 2 + 1);
  await watch();
  await pass(forMs / 2);
  expect(await recordedOfOne('bob')).toBe(2);
});

it('a tenant of which only a watch is left is gone with it', async () => {
  await watch();
  expect(await driver.tenants(0)).toEqual([]);
  await pass(forMs);
  expect((await driver.sweep(0, 'owner', 100)).nextInMs).toBeNull();
});
