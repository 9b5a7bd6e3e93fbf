import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Driver, StoreUnavailable } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { countEvents } from '../../../src/store/event-runs.ts';
import { maxClockStepMs } from '../../../src/store/limits.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../src/store/store.ts';

const tenant = 'test/t';
const beat = (store: Store, ttlMs: number) =>
  store.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs, grant: true });
const read = (store: Store) => store.read({ tenant, group: 'g', holder: 'ann' });

describe('a process that was paused', () => {
  it('expires no lease at once, however long the pause', async () => {
    let wallMs = 1_700_000_000_000;
    const driver = openEmbeddedDriver({ wallMs: () => wallMs });
    const store = createStore(driver);
    await beat(store, 30_000);
    wallMs += 3_600_000;
    expect(await read(store)).toMatchObject({ remainingMs: 30_000 - maxClockStepMs });
    await driver.sweep(0, 'test', 10);
    expect(await read(store)).toMatchObject({ remainingMs: 30_000 - maxClockStepMs });
    await store.close();
  });
});

it('does not bring a lease back when wall time goes back', async () => {
  let wallMs = 1_700_000_000_000;
  const store = createStore(openEmbeddedDriver({ wallMs: () => wallMs }));
  await beat(store, 300);
  wallMs += 400;
  expect(await read(store)).toBeNull();
  wallMs -= 3_600_000;
  expect(await read(store)).toBeNull();
  await store.close();
});

describe('a sweep of many leases', () => {
  const holders = Array.from({ length: 5_000 }, (_, at) => `h${at}`);
  const lease = (holder: string, ttlMs: number) =>
    ({
      name: 'beat',
      input: { tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true },
    }) as const;

  /** Sweeps until nothing is due; returns how many expiries each call took. */
  async function sweepAll(driver: Driver): Promise<readonly number[]> {
    const taken: number[] = [];
    for (let more = true; more; ) {
      const swept = await driver.sweep(0, 'test', driver.sweepSize);
      taken.push(countEvents(swept.expired));
      more = swept.more;
    }
    return taken;
  }

  it('returns when its time is over, with what it took, and says that more is due', async () => {
    let wallMs = 1_700_000_000_000;
    let monotonicMs = 0;
    const driver = openEmbeddedDriver({ wallMs: () => wallMs, monotonicMs: () => (monotonicMs += 1) });
    await driver.execute(
      0,
      holders.map((holder) => lease(holder, 1_000)),
    );
    wallMs += 1_000;
    const taken = await sweepAll(driver);
    expect(taken.reduce((total, one) => total + one, 0)).toBe(holders.length);
    expect(Math.max(...taken)).toBeLessThan(500);
    await driver.close();
  });

  it('returns when its time is over although every lease was renewed', async () => {
    let wallMs = 1_700_000_000_000;
    let monotonicMs = 0;
    const driver = openEmbeddedDriver({ wallMs: () => wallMs, monotonicMs: () => (monotonicMs += 1) });
    const all = holders.map((holder) => lease(holder, 1_000));
    await driver.execute(0, all);
    wallMs += 500;
    await driver.execute(0, all);
    wallMs += 500;
    const taken = await sweepAll(driver);
    expect(taken.length).toBeGreaterThan(5);
    expect(new Set(taken)).toEqual(new Set([0]));
    await driver.close();
  });

  it('returns its expiries later if the file could not be written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    let wallMs = 1_700_000_000_000;
    const driver = openEmbeddedDriver({ path: join(folder, 'store.db'), wallMs: () => wallMs });
    await driver.execute(
      0,
      holders.slice(0, 10).map((holder) => lease(holder, 1_000)),
    );
    wallMs += 1_000;
    const { run } = StatementSync.prototype;
    const full = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (
      this: StatementSync,
      ...values
    ) {
      if (this.sourceSQL.startsWith('DELETE FROM held_leases')) throw new Error('database or disk is full');
      return run.apply(this, values);
    });
    await expect(driver.sweep(0, 'test', 100)).rejects.toThrow(StoreUnavailable);
    full.mockRestore();
    wallMs += 100;
    const { expired } = await driver.sweep(0, 'test', 100);
    expect(expired.flatMap(({ holders }) => holders).sort()).toEqual(holders.slice(0, 10));
    await driver.close();
    rmSync(folder, { recursive: true });
  });
});

describe('the file', () => {
  it('is readable by its owner only, as are the files beside it', async () => {
    const store = createStore(openEmbeddedDriver({ path }));
    await beat(store, 60_000);
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([
      0o600, 0o600,
    ]);
    await store.close();
  });

  it("is refused and left unchanged if it is another program's database", () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE leases (flat TEXT)');
    other.close();
    const before = readFileSync(path);
    expect(() => openEmbeddedDriver({ path })).toThrow(/another program's database/);
    expect(readFileSync(path)).toEqual(before);
  });

  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    path = join(folder, 'store.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([0, 1, 700, 2_000, 2_001, 600_000])(
    'keeps the remaining time of every deadline over %i ms without a process, and its clock does not go back',
    async (awayMs) => {
      let wallMs = 1_700_000_000_000;
      const beforeDriver = openEmbeddedDriver({ path, wallMs: () => wallMs });
      const before = createStore(beforeDriver);
      await beat(before, 60_000);
      await before.commit({
        tenant,
        writes: [{ collection: 'c', key: 'k', value: '1', ttlMs: 30_000 }],
        appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 1, idleMs: 30_000 }],
      });
      wallMs += 499;
      await beat(before, 30_000);
      const { leaseMs } = await beforeDriver.readClock(0);
      await before.close();

      // A process that ends right after its start, however often, makes no difference.
      for (let at = 0; at < 3; at += 1) {
        wallMs += awayMs;
        await openEmbeddedDriver({ path, wallMs: () => wallMs }).close();
      }
      wallMs += awayMs;
      const driver = openEmbeddedDriver({ path, wallMs: () => wallMs });
      const after = createStore(driver);
      expect((await driver.readClock(0)).leaseMs).toBeGreaterThanOrEqual(leaseMs);
      expect(await read(after)).toMatchObject({ remainingMs: 30_000 });
      const kept = async (): Promise<readonly [number, number]> => [
        (await after.listDocuments({ tenant, collection: 'c' })).length,
        (await after.topicBounds({ tenant, topics: ['t'] }))[0]?.entries ?? 0,
      ];
      await after.advanceClock(30_000 - 500);
      expect(await kept()).toEqual([1, 1]);
      await after.advanceClock(1);
      expect(await kept()).toEqual([0, 0]);
      expect(await read(after)).toMatchObject({ remainingMs: 499 });
      expect((await after.advanceClock(499)).map(({ holder, lateMs }) => ({ holder, lateMs }))).toEqual([
        { holder: 'ann', lateMs: 0 },
      ]);
      await after.close();
    },
  );

  it('takes no remaining time from leases while it is read', async () => {
    let wallMs = 1_700_000_000_000;
    const before = createStore(openEmbeddedDriver({ path, wallMs: () => wallMs }));
    await beat(before, 60_000);
    await before.close();
    const { prepare } = DatabaseSync.prototype;
    const slow = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      wallMs += 1_000;
      return prepare.call(this, sql);
    });
    const driver = openEmbeddedDriver({ path, wallMs: () => wallMs });
    slow.mockRestore();
    const after = createStore(driver);
    expect(await read(after)).toMatchObject({ remainingMs: 60_000 });
    await after.close();
  });

  it('does not revive a lease that was dead before a kill', async () => {
    let wallMs = 1_700_000_000_000;
    const before = createStore(openEmbeddedDriver({ path, wallMs: () => wallMs }));
    await beat(before, 1_000);
    await before.advanceClock(1_000);
    await before.close();
    wallMs += 1_000;
    const after = createStore(openEmbeddedDriver({ path, wallMs: () => wallMs }));
    expect(await read(after)).toBeNull();
    await after.close();
  });

  it('keeps the last renewal of each lease, however many there were', async () => {
    const wallMs = () => 1_700_000_000_000;
    const before = createStore(openEmbeddedDriver({ path, wallMs }));
    const renew = (holder: string, ttlMs: number) =>
      before.beat({ tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true });
    const holders = Array.from({ length: 200 }, (_, at) => `h${at}`);
    for (let round = 1; round <= 45; round += 1) {
      await Promise.all(holders.map((holder, at) => renew(holder, round * 1_000 + at)));
    }
    await before.release({ tenant, holder: 'h7' });
    await renew('h7', 5_000);
    await before.close();
    const after = createStore(openEmbeddedDriver({ path, wallMs }));
    const { leases } = await after.members({ tenant, group: 'g', offset: 0, limit: 1_000 });
    const expected = new Map(holders.map((holder, at) => [holder, 45_000 + at]));
    expect(new Map(leases.map(({ holder, remainingMs }) => [holder, remainingMs]))).toEqual(
      expected.set('h7', 5_000),
    );
    await after.close();
  });

  it('refuses a second process with an error that says why', async () => {
    const store = createStore(openEmbeddedDriver({ path }));
    await beat(store, 1_000);
    expect(() => openEmbeddedDriver({ path })).toThrow(/in use by another process/);
    await store.close();
    await createStore(openEmbeddedDriver({ path })).close();
  });

  it('that is no database is refused with an error that says why', () => {
    writeFileSync(path, 'this is no database, and long enough to be looked at as one '.repeat(20));
    expect(() => openEmbeddedDriver({ path })).toThrow(/cannot be used as a store/);
    expect(() => openEmbeddedDriver({ path: join(folder, 'none', 'store.db') })).toThrow(
      /cannot be used as a store/,
    );
  });

  it('never uses an epoch twice, also after its newest pages were lost', async () => {
    const before = createStore(openEmbeddedDriver({ path }));
    const [first] = (await beat(before, 1_000)).leases;
    await before.close();
    rmSync(path);
    const after = createStore(openEmbeddedDriver({ path }));
    const [second] = (await beat(after, 1_000)).leases;
    expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Number.POSITIVE_INFINITY);
    await after.close();
  });
});
