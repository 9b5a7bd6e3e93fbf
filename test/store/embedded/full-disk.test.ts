import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Command } from '../../../src/store/commands.ts';
import type { Driver } from '../../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { FileUnusable } from '../../../src/store/embedded/file/database.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { StoreUnavailable } from '../../../src/store/store.ts';
import { recordLog } from '../redis/connections/recorded-log.ts';

let folder: string;
let path: string;
let isFull = false;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  path = join(folder, 'store.db');
  isFull = false;
  const { run } = StatementSync.prototype;
  vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
    if (isFull && this.sourceSQL === 'COMMIT') throw new Error('database or disk is full');
    return run.apply(this, values);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const tenants = ['t/1', 't/2'];
const groups = ['g', 'h'];
const holders = ['ann', 'bob', 'cid'];
const topics = ['log', 'sized'];

/** A small generator, so that a failure can be repeated. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomCommand(random: (below: number) => number): Command {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const tenant = pick(tenants);
  const group = pick(groups);
  const holder = pick(holders);
  const ttlMs = pick([1_000, 5_000, 60_000]);
  const data = pick([undefined, 'x', 'y']);
  switch (random(8)) {
    case 0:
      return { name: 'release', input: { tenant, holder } };
    case 1:
      return { name: 'setData', input: { tenant, group, holder, data: pick([null, 'z']) } };
    case 2: {
      const document = { collection: 'c', key: pick(holders), value: pick([null, '1', '2']) };
      const writes = [random(2) === 0 ? document : { ...document, ttlMs }];
      return { name: 'commit', input: { tenant, writes } };
    }
    case 3: {
      const kept = { keepEntries: 3, ...(random(2) === 0 ? { idleMs: ttlMs } : {}) };
      const payload = Buffer.alloc(random(5) + 1, 'p');
      const appends = [
        { topic: 'log', payload, ...kept },
        { topic: 'sized', payload, ...kept, keepBytes: 6, after: 0n },
      ];
      return { name: 'commit', input: { tenant, appends } };
    }
    case 4:
      return random(6) === 0
        ? { name: 'drop', input: { tenant } }
        : { name: 'beat', input: { tenant, holder, grant: true } };
    default: {
      const named = data === undefined ? { group } : { group, data };
      return { name: 'beat', input: { tenant, holder, groups: [named], ttlMs, grant: true } };
    }
  }
}

/** Everything that reads return. */
async function snapshot(driver: Driver): Promise<unknown> {
  const commands = tenants.flatMap((tenant): Command[] => [
    ...groups.map((group): Command => ({ name: 'members', input: { tenant, group, offset: 0, limit: 9 } })),
    ...holders.map((holder): Command => ({ name: 'groupsOf', input: { tenant, holder } })),
    { name: 'count', input: { tenant, groups } },
    { name: 'listDocuments', input: { tenant, collection: 'c' } },
    {
      name: 'readTopics',
      input: {
        tenant,
        topics: [...topics, ...groups.map((group) => `leases:${group}`)].map((topic) => ({
          topic,
          after: 0n,
        })),
        limit: 500,
      },
    },
    { name: 'topicBounds', input: { tenant, topics } },
  ]);
  const outcomes = await driver.execute(0, commands);
  const read = outcomes.map((outcome) => {
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  });
  // Bytes of the file and of memory are of different classes.
  const text = JSON.stringify(read, (_, value) =>
    typeof value === 'bigint' || value instanceof Uint8Array ? `${value}` : value,
  );
  return [
    text.replaceAll(/{"type":"Buffer","data":\[([\d,]*)\]}/g, '"$1"'),
    (await driver.tenants(0)).toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1)),
  ];
}

it.each([1, 2, 3, 4, 5, 6])(
  'on a full disk reads are served, and refused batches leave no trace in memory or file (history %i)',
  async (seed) => {
    const random = makeRandom(seed);
    let wallMs = 1_700_000_000_000;
    // Every renewal is written, so that each batch is refused.
    const driver = openEmbeddedDriver({ path, wallMs: () => wallMs, maxSlackMs: 0 });
    let refusals = 0;
    for (let step = 0; step < 150; step += 1) {
      wallMs += random(700);
      const batch = Array.from({ length: 1 + random(4) }, () => randomCommand(random));
      if (random(3) > 0) {
        await driver.execute(0, batch);
        await driver.sweep(0, 'test', 10);
        continue;
      }
      // At one reading of the clock, so that remaining times can be compared.
      await driver.setClock(0, { frozen: true });
      const before = await snapshot(driver);
      isFull = true;
      for (let attempt = 0; attempt < 2; attempt += 1) {
        for (const outcome of await driver.execute(0, batch)) {
          if ('error' in outcome) refusals += outcome.error instanceof StoreUnavailable ? 1 : Number.NaN;
        }
        await expect(driver.setClock(0, { advanceMs: 60_000 })).rejects.toBeInstanceOf(StoreUnavailable);
        wallMs += 200;
        expect(await snapshot(driver)).toEqual(before);
      }
      isFull = false;
      wallMs += 200;
      await driver.setClock(0, { frozen: false });
    }
    expect(refusals).toBeGreaterThan(50);
    await driver.setClock(0, { frozen: true });
    const last = await snapshot(driver);
    await driver.close();
    const reopened = openEmbeddedDriver({ path, wallMs: () => wallMs });
    expect(await snapshot(reopened)).toEqual(last);
    await reopened.close();
  },
);

it('while the disk is full expires nothing, reports it once, and continues by itself afterwards', async () => {
  let wallMs = 1_700_000_000_000;
  const { log, lines } = recordLog();
  const driver = openEmbeddedDriver({ path, wallMs: () => wallMs, log });
  const tenant = 't/1';
  const beat = (holder: string): Promise<readonly unknown[]> =>
    driver.execute(0, [
      { name: 'beat', input: { tenant, holder, groups: [{ group: 'g' }], ttlMs: 5_000, grant: true } },
    ]);
  await beat('ann');
  isFull = true;
  for (let at = 0; at < 100; at += 1) {
    wallMs += 500;
    await beat('ann');
    await driver.sweep(0, 'test', 10).catch(() => {});
  }
  const reason = `${path} cannot be written: database or disk is full`;
  expect(await driver.ping()).toEqual({ away: [], refusing: [{ partitions: [0], reason }] });
  isFull = false;
  wallMs += 500;
  expect(await driver.ping()).toEqual({ away: [], refusing: [] });
  expect(await beat('ann')).toMatchObject([{ result: { leases: [{ state: 'renewed' }] } }]);
  expect(lines.join('\n').match(/store file refuses writes/g)).toHaveLength(1);
  expect(lines.join('\n').match(/store file accepts writes again/g)).toHaveLength(1);
  await driver.close();
});

it('leases of one group that end together and cannot be written are back, with the revision of their group', async () => {
  let wallMs = 1_700_000_000_000;
  const driver = openEmbeddedDriver({ path, wallMs: () => wallMs });
  const named = { tenant: 't/1', groups: [{ group: 'g' }], ttlMs: 5_000, returning: 'revision' } as const;
  await driver.execute(
    0,
    holders.map((holder) => ({ name: 'beat', input: { ...named, holder, grant: true } })),
  );
  // Of somebody who has no lease, so that it changes nothing.
  const readRevision = () =>
    driver.execute(0, [{ name: 'beat', input: { ...named, holder: 'dan', grant: false } }]);
  const before = await readRevision();
  await driver.setClock(0, { advanceMs: 5_000 });
  isFull = true;
  await expect(driver.sweep(0, 'test', 10)).rejects.toBeInstanceOf(StoreUnavailable);
  isFull = false;
  wallMs += 500;
  expect(await readRevision()).toEqual(before);
  const { expired } = await driver.sweep(0, 'test', 10);
  expect(expired.flatMap(({ holders }) => holders)).toEqual(holders);
  await driver.close();
});

it('a request that is refused costs no transaction while the last refusal is recent', async () => {
  const wallMs = 1_700_000_000_000;
  const driver = openEmbeddedDriver({ path, wallMs: () => wallMs });
  isFull = true;
  const write = (key: number) =>
    driver.execute(0, [
      { name: 'commit', input: { tenant: 't/1', writes: [{ collection: 'c', key: `${key}`, value: 'v' }] } },
    ]);
  await write(0);
  const run = vi.mocked(StatementSync.prototype.run);
  run.mockClear();
  for (let key = 1; key < 100; key += 1) expect(await write(key)).toMatchObject([{ error: {} }]);
  expect(run).not.toHaveBeenCalled();
  await driver.close();
});

it('damaged is refused with its path and what to do', async () => {
  const store = createStore(openEmbeddedDriver({ path }));
  // Granted and renewed: something is in each of the damaged tables.
  for (const ttlMs of [1_000, 2_000])
    await store.beat({ tenant: 't/1', holder: 'ann', groups: [{ group: 'g' }], ttlMs, grant: true });
  await store.close();
  const intact = readFileSync(path);
  for (const page of [0, 1, 2, 3]) {
    const damaged = Buffer.from(intact);
    damaged.fill(0xee, page * 4_096 + 100, page * 4_096 + 4_096);
    writeFileSync(path, damaged);
    let message = '';
    try {
      await openEmbeddedDriver({ path }).close();
    } catch (error) {
      expect(error).toBeInstanceOf(FileUnusable);
      message = (error as Error).message;
    }
    expect(message).toMatch(/^\/.*store\.db cannot be used as a store: .*; restore it from a backup/);
  }
});

it('copied without its write-ahead log while in use gives a warning; a closed file gives none', async () => {
  const { log, lines } = recordLog();
  const driver = openEmbeddedDriver({ path, log });
  await driver.execute(0, [
    { name: 'commit', input: { tenant: 't/1', writes: [{ collection: 'c', key: 'k', value: 'v' }] } },
  ]);
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  await driver.close();
  await openEmbeddedDriver({ path, log }).close();
  expect(lines).toEqual([]);
  await openEmbeddedDriver({ path: copy, log }).close();
  expect(lines.join('\n')).toContain('copy.db-wal is missing; the newest changes may be lost');
});
