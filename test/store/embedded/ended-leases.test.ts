import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command, Input } from '../../../src/store/commands.ts';
import type { Driver } from '../../../src/store/driver.ts';
import type { TenantDump } from '../../../src/store/dumps.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import type { Members } from '../../../src/store/leases.ts';

const tenant = 'test/t';
const many = Array.from({ length: 1_500 }, (_, at) => `h${at}`);
let wallMs = 1_700_000_000_000;
let folder: string;
let generation = 0;
let drivers: Driver[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const driver of drivers) await driver.close();
  drivers = [];
  rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, `${generation}.db`);

function open(): Driver {
  // Each step of a sweep takes 1 ms, so that it remains one of 64 leases.
  let monotonicMs = 0;
  const driver = openEmbeddedDriver({
    ...{ path: path(), maxSlackMs: 0, wallMs: () => wallMs },
    monotonicMs: () => (monotonicMs += 1),
  });
  drivers.push(driver);
  return driver;
}

/** The process is killed: the next one finds the files as they are. */
function reopenAfterKill(): Driver {
  const before = path();
  generation += 1;
  for (const suffix of ['', '-wal']) cpSync(before + suffix, path() + suffix);
  return open();
}

const beat = (
  holder: string,
  { ttlMs = 1_000, group = 'g', of = tenant }: { ttlMs?: number; group?: string; of?: string } = {},
): Command => ({ name: 'beat', input: { tenant: of, holder, groups: [{ group }], ttlMs, grant: true } });

async function members(driver: Driver, input: Partial<Input<'members'>> = {}): Promise<Members> {
  const page = { tenant, group: 'g', offset: 0, limit: 10_000, ...input };
  const [outcome] = await driver.execute(0, [{ name: 'members', input: page }]);
  return (outcome as unknown as { result: Members }).result;
}

async function sweepAll(driver: Driver): Promise<string[]> {
  const holders: string[] = [];
  for (let more = true; more; ) {
    const swept = await driver.sweep(0, 'test', driver.sweepSize);
    holders.push(...swept.expired.flatMap(({ holders }) => holders));
    more = swept.more;
  }
  return holders;
}

const rowsIn = (table: string): unknown => {
  const database = new DatabaseSync(path());
  const { rows } = database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number };
  database.close();
  return rows;
};

describe('many leases that end at once on a file', () => {
  it('stay ended after a kill, whether or not their rows were deleted, and the others stay', async () => {
    let driver = open();
    await driver.execute(0, [beat('ann', { ttlMs: 60_000 }), ...many.map((holder) => beat(holder))]);
    await driver.execute(
      0,
      many.slice(0, 100).map((holder) => beat(holder, { group: 'other' })),
    );
    wallMs += 1_000;
    expect((await sweepAll(driver)).length).toBe(1_600);
    const { revision } = await members(driver);
    // Each restart finds a part of the rows deleted.
    for (let restart = 0; restart < 3; restart += 1) {
      driver = reopenAfterKill();
      const left = await members(driver);
      expect(left).toMatchObject({ count: 1, revision, leases: [{ holder: 'ann' }] });
      expect(await members(driver, { group: 'other' })).toMatchObject({ count: 0, revision: 0 });
      expect(await sweepAll(driver)).toEqual([]);
    }
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await sweepAll(driver);
    expect((await driver.sweep(0, 'test', 10)).nextInMs).toBeGreaterThan(10_000);
    await driver.close();
    drivers = [];
    expect(['held_leases', 'lease_groups', 'ended_rows'].map(rowsIn)).toEqual([1, 1, 0]);
  });

  it('can be granted again before their rows are deleted', async () => {
    let driver = open();
    await driver.execute(
      0,
      many.map((holder) => beat(holder)),
    );
    wallMs += 1_000;
    await sweepAll(driver);
    await driver.execute(
      0,
      many.slice(0, 50).map((holder) => beat(holder, { ttlMs: 7_000 })),
    );
    driver = reopenAfterKill();
    const { leases } = await members(driver);
    expect(leases.map(({ holder }) => holder)).toEqual(many.slice(0, 50));
    expect(new Set(leases.map(({ remainingMs }) => remainingMs))).toEqual(new Set([7_000]));
    for (let tick = 0; tick < 10; tick += 1) {
      wallMs += 1_000;
      await sweepAll(driver);
    }
    expect(await members(driver)).toMatchObject({ count: 0, revision: 0 });
  });

  it('are as before if the disk is full, and end once afterwards, also if it is full again while rows are deleted', async () => {
    const driver = open();
    await driver.execute(
      0,
      many.map((holder) => beat(holder)),
    );
    const before = await driver.tenants(0);
    wallMs += 1_000;
    const { run } = StatementSync.prototype;
    let isFull = true;
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
      if (isFull && this.sourceSQL === 'COMMIT') throw new Error('database or disk is full');
      return run.apply(this, values);
    });
    await expect(driver.sweep(0, 'test', driver.sweepSize)).rejects.toThrow(/full/);
    expect(await driver.tenants(0)).toEqual(before);
    isFull = false;
    wallMs += 1_000;
    expect((await sweepAll(driver)).sort()).toEqual(many.toSorted());
    isFull = true;
    wallMs += 1_000;
    await sweepAll(driver).catch(() => {});
    isFull = false;
    wallMs += 1_000;
    for (let sweeps = 0; sweeps < 10; sweeps += 1) expect(await sweepAll(driver)).toEqual([]);
    await driver.close();
    drivers = [];
    expect(['held_leases', 'lease_groups', 'ended_rows'].map(rowsIn)).toEqual([0, 0, 0]);
  });

  it('stay gone after a kill if their tenant was dropped, and one that is loaded with the same epochs stays', async () => {
    let driver = open();
    await driver.execute(
      0,
      many.map((holder) => beat(holder, { ttlMs: 60_000 })),
    );
    const [dumped] = await driver.execute(0, [{ name: 'dump', input: { tenant } }]);
    const { result: dump } = dumped as unknown as { result: TenantDump };
    const few = { ...dump, leases: dump.leases.slice(0, 40) };
    await driver.execute(0, [{ name: 'load', input: { tenant, dump: few } }]);
    driver = reopenAfterKill();
    expect((await members(driver)).leases.map(({ holder }) => holder)).toEqual(many.slice(0, 40));
    await driver.execute(0, [{ name: 'drop', input: { tenant } }]);
    driver = reopenAfterKill();
    expect(await members(driver)).toMatchObject({ count: 0, revision: 0 });
  });
});

it('a renewal on a file changes no lease of another tenant that was loaded with the same epoch', async () => {
  let driver = open();
  await driver.execute(0, [beat('ann', { ttlMs: 60_000 })]);
  const [dumped] = await driver.execute(0, [{ name: 'dump', input: { tenant } }]);
  const { result: dump } = dumped as unknown as { result: TenantDump };
  await driver.execute(0, [{ name: 'load', input: { tenant: 'test/other', dump } }]);
  await driver.execute(0, [beat('ann', { ttlMs: 5_000 })]);
  driver = reopenAfterKill();
  expect((await members(driver)).leases).toMatchObject([{ remainingMs: 5_000 }]);
  expect((await members(driver, { tenant: 'test/other' })).leases).toMatchObject([{ remainingMs: 60_000 }]);
});

it('a file of an earlier version keeps its leases with their last renewals', async () => {
  await open().close();
  drivers = [];
  const database = new DatabaseSync(path());
  database.exec(`
    DROP TABLE held_leases; DROP TABLE lease_groups; DROP TABLE lease_renewals; DROP TABLE ended_rows;
    CREATE TABLE leases (
      tenant TEXT, "group" TEXT, holder TEXT, epoch INTEGER, revision INTEGER, ttl_ms INTEGER, deadline_ms INTEGER, data TEXT,
      PRIMARY KEY (tenant, "group", holder)
    ) WITHOUT ROWID;
    CREATE TABLE renewals (batch INTEGER PRIMARY KEY, leases BLOB);
    CREATE TABLE revisions (tenant TEXT, "group" TEXT, revision INTEGER, PRIMARY KEY (tenant, "group")) WITHOUT ROWID;
    INSERT INTO leases VALUES ('test/t', 'g', 'bob', 11, 12, 60000, ${wallMs + 60_000}, '{"n":1}');
    INSERT INTO leases VALUES ('test/t', 'g', 'ann', 12, 12, 60000, ${wallMs + 60_000}, NULL);
    INSERT INTO revisions VALUES ('test/t', 'g', 12);
  `);
  const renewal = new Float64Array([12, 8_000, wallMs + 8_000]);
  database.prepare('INSERT INTO renewals VALUES (1, ?)').run(new Uint8Array(renewal.buffer));
  database.close();
  const expected = {
    revision: 12,
    leases: [
      { holder: 'bob', epoch: 11, ttlMs: 60_000, remainingMs: 60_000, data: '{"n":1}' },
      { holder: 'ann', epoch: 12, ttlMs: 8_000, remainingMs: 8_000, data: null },
    ],
  };
  const driver = open();
  expect(await members(driver)).toMatchObject(expected);
  expect(await members(reopenAfterKill())).toMatchObject(expected);
});

it('in a file of an earlier version leases that ended together are gone, and are removed as others are', async () => {
  let driver = open();
  await driver.execute(0, [
    beat('ann', { ttlMs: 60_000 }),
    ...many.map((holder) => beat(holder, { ttlMs: 60_000 })),
  ]);
  await driver.close();
  drivers = [];
  const database = new DatabaseSync(path());
  database.exec('DROP TABLE ended_rows; CREATE TABLE ended_leases (batch INTEGER PRIMARY KEY, leases BLOB)');
  const insert = database.prepare('INSERT INTO ended_leases VALUES (?, ?)');
  // The row of the first one is 1.
  const ends = many.map((_, at) => [at + 2, wallMs * 1_001 + at]);
  for (const [batch, part] of [ends.slice(0, 700), ends.slice(700)].entries())
    insert.run(batch + 1, new Uint8Array(new Float64Array(part.flat()).buffer));
  database.close();
  driver = open();
  expect(await members(driver)).toMatchObject({
    count: 1,
    revision: wallMs * 1_001 + many.length - 1,
    leases: [{ holder: 'ann' }],
  });
  for (let sweeps = 0; sweeps < 5; sweeps += 1) expect(await sweepAll(driver)).toEqual([]);
  await driver.close();
  drivers = [];
  expect(['held_leases', 'lease_groups', 'ended_rows'].map(rowsIn)).toEqual([1, 1, 0]);
});
