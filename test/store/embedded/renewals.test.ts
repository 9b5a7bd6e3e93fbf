import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { defaultMaxSlackMs } from '../../../src/store/embedded/file/renewals.ts';
import type { Members } from '../../../src/store/leases.ts';

const tenant = 'test/t';
const wallMs = () => 1_700_000_000_000;

let folder: string;
let generation = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (): string => join(folder, `${generation}.db`);
const open = (options: { readonly maxSlackMs?: number } = {}): Driver =>
  openEmbeddedDriver({ path: path(), wallMs, ...options });

/** The process is killed: the next one finds the files as they are. */
function kill(): void {
  const before = path();
  generation += 1;
  for (const suffix of ['', '-wal']) cpSync(before + suffix, path() + suffix);
}

async function beat(driver: Driver, holder: string, ttlMs: number): Promise<void> {
  await driver.execute(0, [
    { name: 'beat', input: { tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true } },
  ]);
}

async function remaining(driver: Driver): Promise<ReadonlyMap<string, number>> {
  const input = { tenant, group: 'g', offset: 0, limit: 10_000 };
  const [outcome] = await driver.execute(0, [{ name: 'members', input }]);
  const { leases } = (outcome as unknown as { result: Members }).result;
  return new Map(leases.map(({ holder, remainingMs }) => [holder, remainingMs]));
}

const slackOf = (ttlMs: number): number => Math.min(defaultMaxSlackMs, ttlMs / 4);

describe('a renewal on a file', () => {
  it('is not written while its deadline is within the slack of what was written', async () => {
    const driver = open();
    await driver.setClock(0, { frozen: true });
    await beat(driver, 'ann', 60_000);
    const written = async (step: () => Promise<unknown>): Promise<number> => {
      const run = vi.spyOn(StatementSync.prototype, 'run');
      await step();
      const inserts = run.mock.contexts.filter((statement) =>
        (statement as StatementSync).sourceSQL.includes('INTO lease_renewals'),
      ).length;
      run.mockRestore();
      return inserts;
    };
    const renew = () => written(() => beat(driver, 'ann', 60_000));
    await driver.setClock(0, { advanceMs: 100 });
    expect(await renew()).toBe(1);
    await driver.setClock(0, { advanceMs: defaultMaxSlackMs });
    expect(await renew()).toBe(0);
    await driver.setClock(0, { advanceMs: 1 });
    expect(await renew()).toBe(1);
    // A shorter TTL: the lease would be held too long.
    expect(await written(() => beat(driver, 'ann', 59_999))).toBe(1);
    await driver.close();
  });

  it('is exact after the process ended by itself', async () => {
    const before = open();
    await before.setClock(0, { frozen: true });
    await beat(before, 'ann', 60_000);
    for (const advanceMs of [100, 1_000, 3_000]) {
      await before.setClock(0, { advanceMs });
      await beat(before, 'ann', 60_000);
    }
    await before.setClock(0, { advanceMs: 7_000 });
    await before.close();
    const after = open();
    expect(await remaining(after)).toEqual(new Map([['ann', 53_000]]));
    await after.close();
  });

  it('ends a lease never early after a kill, and late by its slack at most', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('beat' as const),
        holder: fc.constantFrom('a', 'b', 'c', 'd'),
        ttlMs: fc.constantFrom(1_000, 8_000, 60_000),
      }),
      fc.record({
        kind: fc.constant('advance' as const),
        advanceMs: fc.constantFrom(1, 200, 999, 4_000, 5_001),
      }),
      fc.record({ kind: fc.constant('kill' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        generation += 1;
        let driver = open();
        const drivers = [driver];
        await driver.setClock(0, { frozen: true });
        let nowMs = 0;
        const ends = new Map<string, { fromMs: number; toMs: number; ttlMs: number }>();
        for (const change of steps) {
          if (change.kind === 'beat') {
            await beat(driver, change.holder, change.ttlMs);
            const endMs = nowMs + change.ttlMs;
            ends.set(change.holder, { fromMs: endMs, toMs: endMs, ttlMs: change.ttlMs });
          } else if (change.kind === 'advance') {
            await driver.setClock(0, { advanceMs: change.advanceMs });
            nowMs += change.advanceMs;
          } else {
            kill();
            driver = open();
            drivers.push(driver);
            // However often the process is killed: the slack counts from the last beat.
            for (const end of ends.values()) end.toMs = end.fromMs + slackOf(end.ttlMs);
          }
          const left = await remaining(driver);
          for (const [holder, { fromMs, toMs, ttlMs }] of ends) {
            const leftMs = left.get(holder) ?? 0;
            expect(leftMs).toBeGreaterThanOrEqual(Math.max(0, fromMs - nowMs));
            expect(leftMs).toBeLessThanOrEqual(Math.max(0, Math.min(ttlMs, toMs - nowMs)));
          }
        }
        for (const each of drivers) await each.close();
      }),
      { numRuns: 25 },
    );
  });

  it('leaves a log that does not grow with the number of renewals', async () => {
    const holders = Array.from({ length: 1_500 }, (_, at) => `h${at}`);
    const driver = open({ maxSlackMs: 0 });
    await driver.setClock(0, { frozen: true });
    for (let round = 1; round <= 30; round += 1) {
      for (let from = 0; from < holders.length; from += 250) {
        await driver.execute(
          0,
          holders.slice(from, from + 250).map((holder, at) => ({
            name: 'beat',
            input: {
              tenant,
              holder,
              groups: [{ group: 'g' }],
              ttlMs: round * 1_000 + from + at,
              grant: true,
            },
          })),
        );
      }
    }
    const expected = new Map(holders.map((holder, at) => [holder, 30_000 + at]));
    expect(await remaining(driver)).toEqual(expected);
    kill();
    const after = open();
    expect(await remaining(after)).toEqual(expected);
    await after.close();
    await driver.close();
    const database = new DatabaseSync(path());
    const { renewals } = database
      .prepare('SELECT sum(length(leases)) / 24 AS renewals FROM lease_renewals')
      .get() as {
      renewals: number;
    };
    database.close();
    expect(renewals).toBeLessThan(3 * 4_096);
  });
});
