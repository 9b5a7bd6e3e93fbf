import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Command } from '../../../src/store/commands.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('the log of a file is copied into it only when a sweep is no longer behind', async () => {
  let wallMs = 1_700_000_000_000;
  let monotonicMs = 0;
  const path = join(folder, 'store.db');
  const driver = openEmbeddedDriver({
    ...{ path, wallMs: () => wallMs },
    // Each reading is so much later that a sweep is over after one step of 64 leases.
    monotonicMs: () => (monotonicMs += 10),
  });
  const beat = (holder: string, ttlMs: number): Command => ({
    name: 'beat',
    input: {
      tenant: 'test/t',
      holder,
      groups: [{ group: 'g', data: 'x'.repeat(1_000) }],
      ttlMs,
      grant: true,
    },
  });
  const sweep = () => driver.sweep(0, 'test', driver.sweepSize);
  const fileBytes = (): number => statSync(path).size;
  /** Grants leases of more than a thousand pages. */
  const fillLog = async (prefix: string): Promise<void> => {
    for (let batch = 0; batch < 60; batch += 1)
      await driver.execute(
        0,
        Array.from({ length: 100 }, (_, at) => beat(`${prefix}-${batch}-${at}`, 60_000)),
      );
  };
  await driver.execute(
    0,
    Array.from({ length: 200 }, (_, at) => beat(`due-${at}`, 100)),
  );
  wallMs += 100;
  expect((await sweep()).more).toBe(true);
  const before = fileBytes();
  await fillLog('meanwhile');
  expect(fileBytes()).toBe(before);
  while ((await sweep()).more);
  await fillLog('meanwhile');
  expect(fileBytes()).toBeGreaterThan(before + 4_000_000);
  await driver.close();
});
