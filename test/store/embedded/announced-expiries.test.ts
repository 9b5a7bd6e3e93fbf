import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command, CommandName, Commands, Input } from '../../../src/store/commands.ts';
import type { Driver } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { type EventRun, eventsOf } from '../../../src/store/event-runs.ts';

const tenant = 'test/t';
const holders = Array.from({ length: 1_000 }, (_, at) => `h${at}`);
let wallMs = 1_700_000_000_000;
let folder: string;
let drivers: Driver[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
});
afterEach(async () => {
  for (const driver of drivers) await driver.close();
  drivers = [];
  rmSync(folder, { recursive: true });
});

function open(path: string): Driver {
  // Time passes with each reading of it, so that the sweep with the last expiry removes a part of the leases only.
  let monotonicMs = 0;
  const driver = openEmbeddedDriver({
    ...{ path, maxSlackMs: 0, wallMs: () => wallMs },
    monotonicMs: () => (monotonicMs += 0.5),
  });
  drivers.push(driver);
  return driver;
}

const beat = (holder: string, group: string, changes: Partial<Input<'beat'>> = {}): Command => ({
  name: 'beat',
  input: { tenant, holder, groups: [{ group }], ttlMs: 1_000, grant: true, ...changes },
});

async function run<N extends CommandName>(driver: Driver, name: N, input: Input<N>) {
  const [outcome] = await driver.execute(0, [{ name, input } as Command]);
  if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('no outcome');
  return { result: outcome.result as Commands[N]['result'], events: outcome.events ?? [] };
}

/** Sweeps until all of them have expired; returns whether something is left to do. */
async function expire(driver: Driver): Promise<boolean> {
  const expired = new Set<string>();
  for (;;) {
    const swept = await driver.sweep(0, 'test', driver.sweepSize);
    for (const holder of swept.expired.flatMap(({ holders }) => holders)) {
      expect(expired.has(holder)).toBe(false);
      expired.add(holder);
    }
    if (expired.size === holders.length) return swept.more;
  }
}

/** Sweeps until nothing is left to do; returns what expired. */
async function finishRuns(driver: Driver): Promise<EventRun[]> {
  const expired: EventRun[] = [];
  for (let more = true; more; ) {
    const swept = await driver.sweep(0, 'test', driver.sweepSize);
    expired.push(...swept.expired);
    more = swept.more;
  }
  return expired;
}

/** Sweeps until nothing is left to do; returns who expired. */
const finish = async (driver: Driver): Promise<string[]> =>
  (await finishRuns(driver)).flatMap(({ holders }) => holders);

async function expiredButThere(path: string): Promise<Driver> {
  const driver = open(path);
  await driver.execute(
    0,
    holders.map((holder) => beat(holder, 'g')),
  );
  wallMs += 1_000;
  expect(await expire(driver)).toBe(true);
  return driver;
}

describe.each(['memory', 'file'])('leases in %s of several tenants that are due together', (store) => {
  it('expire once each, in runs of a tenant whose revisions and counts follow each other', async () => {
    const driver = open(store === 'file' ? join(folder, 'store.db') : '');
    const tenants = ['test/a', 'test/b', 'test/c'];
    const beats = holders.map((holder, at) =>
      beat(holder, 'g', { tenant: tenants[at % tenants.length] ?? '' }),
    );
    const document = { collection: 'c', key: 'k', version: 0, value: 'x', ttlMs: 1_000 };
    await driver.execute(0, [...beats, { name: 'commit', input: { tenant, writes: [document] } }]);
    wallMs += 1_000;
    const events = (await finishRuns(driver)).flatMap(eventsOf);
    expect(events).toHaveLength(holders.length);
    expect(new Set(events.map(({ holder }) => holder))).toEqual(new Set(holders));
    for (const one of tenants) {
      const own = events.filter((event) => event.tenant === one);
      const revisions = own.map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
      expect(own.map(({ count }) => count)).toEqual(own.map((_, at) => own.length - 1 - at));
    }
    expect(await driver.tenants(0)).toEqual([]);
  });
});

describe.each(['memory', 'file'])('leases in %s that have expired and are not removed yet', (store) => {
  const start = () => expiredButThere(store === 'file' ? join(folder, 'store.db') : '');

  it('are in no read, and their groups are gone', async () => {
    const driver = await start();
    const group = { tenant, group: 'g', offset: 0, limit: 10 };
    expect((await run(driver, 'members', group)).result).toEqual({ count: 0, revision: 0, leases: [] });
    expect((await run(driver, 'count', { tenant, groups: ['g'] })).result).toEqual([0]);
    expect((await run(driver, 'groups', { tenant, limit: 10 })).result).toEqual([]);
    expect((await run(driver, 'groupsOf', { tenant, holder: 'h1' })).result).toEqual([]);
    expect((await run(driver, 'read', { tenant, group: 'g', holder: 'h1' })).result).toBeNull();
    expect((await run(driver, 'dump', { tenant })).result).toMatchObject({ leases: [], revisions: [] });
    expect((await run(driver, 'release', { tenant, holder: 'h1' })).events).toEqual([]);
    const absent = { tenant, holder: 'h1', groups: [{ group: 'g' }], grant: false };
    expect(await run(driver, 'beat', absent)).toMatchObject({
      result: { leases: [{ state: 'absent', revision: 0 }] },
      events: [],
    });
    expect(await finish(driver)).toEqual([]);
    expect(await driver.tenants(0)).toEqual([]);
  });

  it('are granted again without a second expiry, and what is removed later is not the new lease', async () => {
    const driver = await start();
    for (const holder of ['h0', 'h1', 'h999']) {
      const { events } = await run(driver, 'beat', {
        ...{ tenant, holder, groups: [{ group: 'g' }], ttlMs: 9_000, grant: true },
      });
      expect(events.map(({ type }) => type)).toEqual(['granted']);
    }
    expect(await finish(driver)).toEqual([]);
    const { result } = await run(driver, 'members', { tenant, group: 'g', offset: 0, limit: 10 });
    expect(result.leases.map(({ holder }) => holder)).toEqual(['h0', 'h1', 'h999']);
    const bytes = (await driver.tenants(0))[0]?.bytes;
    await driver.execute(0, [beat('h2', 'g')]);
    wallMs += 1_000;
    expect(await finish(driver)).toEqual(['h2']);
    expect((await driver.tenants(0))[0]).toMatchObject({ leases: 3, bytes });
  });

  it('stay expired when the clock of the tenant goes back', async () => {
    const driver = open(store === 'file' ? join(folder, 'store.db') : '');
    await driver.execute(
      0,
      holders.map((holder) => beat(holder, 'g')),
    );
    await driver.setClock(0, { tenant, advanceMs: 5_000 });
    expect(await expire(driver)).toBe(true);
    await driver.setClock(0, { tenant, follow: true });
    expect((await run(driver, 'count', { tenant, groups: ['g'] })).result).toEqual([0]);
    expect(await finish(driver)).toEqual([]);
  });

  it('do not take a later tenant of the same name with them', async () => {
    const driver = await start();
    await run(driver, 'drop', { tenant });
    await driver.execute(0, [beat('h5', 'g', { ttlMs: 9_000 })]);
    expect(await finish(driver)).toEqual([]);
    expect((await driver.tenants(0))[0]).toMatchObject({ leases: 1 });
    expect((await run(driver, 'count', { tenant, groups: ['g'] })).result).toEqual([1]);
  });
});

it('after a kill between their expiry and their removal, leases are neither back nor expire again', async () => {
  const driver = await expiredButThere(join(folder, 'store.db'));
  await driver.execute(0, [beat('h3', 'g', { ttlMs: 9_000 })]);
  for (const suffix of ['', '-wal'])
    cpSync(join(folder, `store.db${suffix}`), join(folder, `next.db${suffix}`));
  const next = open(join(folder, 'next.db'));
  expect((await run(next, 'count', { tenant, groups: ['g'] })).result).toEqual([1]);
  wallMs += 5_000;
  expect(await finish(next)).toEqual([]);
});
