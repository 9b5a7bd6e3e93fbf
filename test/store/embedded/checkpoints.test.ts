import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Command } from '../../../src/store/commands.ts';
import type { Driver } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

let wallMs = 1_700_000_000_000;
const fileBytes = (path: string): number => statSync(path).size;

function open(path: string): Driver {
  let monotonicMs = 0;
  return openEmbeddedDriver({
    ...{ path, wallMs: () => wallMs },
    // Each reading is so much later that a sweep is over after one step of 64 leases.
    monotonicMs: () => (monotonicMs += 10),
  });
}

const beat = (holder: string, ttlMs: number): Command => ({
  name: 'beat',
  input: { tenant: 'test/t', holder, groups: [{ group: 'g', data: 'x'.repeat(1_000) }], ttlMs, grant: true },
});

/** Grants so many leases, of which a page has three. */
async function grant(driver: Driver, prefix: string, leases: number): Promise<void> {
  for (let from = 0; from < leases; from += 100)
    await driver.execute(
      0,
      Array.from({ length: 100 }, (_, at) => beat(`${prefix}-${from + at}`, 60_000)),
    );
}

it('the log of a file is copied into it only when a sweep is no longer behind, or when it is long', async () => {
  const path = join(folder, 'store.db');
  const driver = open(path);
  const sweep = () => driver.sweep(0, 'test', driver.sweepSize);
  await driver.execute(
    0,
    Array.from({ length: 200 }, (_, at) => beat(`due-${at}`, 100)),
  );
  wallMs += 100;
  expect((await sweep()).more).toBe(true);
  const before = fileBytes(path);
  await grant(driver, 'meanwhile', 1_500);
  expect(fileBytes(path)).toBe(before);
  await grant(driver, 'long', 3_000);
  expect(fileBytes(path)).toBeGreaterThan(before + 2_000_000);
  while ((await sweep()).more);
  await driver.close();
});

it('the log of a file is copied into it in parts that requests wait for only shortly', async () => {
  const path = join(folder, 'store.db');
  const driver = open(path);
  let copied = fileBytes(path);
  for (let part = 0; part < 5; part += 1) {
    await grant(driver, `part-${part}`, 900);
    const bytes = fileBytes(path);
    expect(bytes).toBeGreaterThan(copied);
    copied = bytes;
  }
  expect(fileBytes(`${path}-wal`)).toBeLessThan(1_500_000);
  await driver.close();
});
