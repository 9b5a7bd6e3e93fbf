/** What a node does not let Redis read again: guards and revisions, while nothing changed that could change them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeatResult, DocumentWrite, Guard, Store } from '../../../src/store/store.ts';
import { makeRandom } from '../../random.ts';
import { suiteRedis } from '../../suite-redis.ts';

const tenant = 'sls/project';
const ttlMs = 10_000;

const redis = suiteRedis();
/** Two nodes: one sends heartbeats, the other one changes what they depend on. */
let node: Store;
let other: Store;

const open = (): Promise<Store> => redis.openStore({ partitions: 1 });

beforeEach(async () => {
  await redis.client.flushall();
  [node, other] = [await open(), await open()];
  await node.freezeClock();
});
afterEach(() => Promise.all([node.close(), other.close()]));

const write = async (...writes: readonly DocumentWrite[]): Promise<readonly number[]> =>
  (await other.commit({ tenant, writes })).versions;
const groupDocument = { collection: 'groups', key: 'a' };

/** A list of guards is the same list in every beat, as that of a consumer group is. */
const guardsOn = async (...documents: readonly { collection: string; key: string }[]) => {
  const read = await other.readDocuments({ tenant, documents });
  return documents.map((document, at): Guard => ({ ...document, version: read[at]?.version ?? 0 }));
};

const beat = (guards: readonly Guard[], group = 'a', holder = 'ann'): Promise<BeatResult> =>
  node.beat({ tenant, holder, groups: [{ group }], ttlMs, grant: true, guards, returning: 'revision' });

/** The second reply tells what the third beat need not ask for. */
const settle = async (guards: readonly Guard[], group = 'a'): Promise<void> => {
  for (let at = 0; at < 3; at += 1) expect((await beat(guards, group)).stale).toBe(false);
};

const revisionOf = async (group: string): Promise<number> =>
  (await other.members({ tenant, group, offset: 0, limit: 1 })).revision;

it('the guards and revisions of twenty groups cost as many reads as those of one, while nothing changes', async () => {
  const readsOfBatch = async (groups: number): Promise<readonly (string | undefined)[]> => {
    const names = Array.from({ length: groups }, (_, at) => `group-${groups}-${at}`);
    await write(...names.map((key) => ({ collection: 'groups', key, value: '{}' })));
    const lists = await Promise.all(names.map((key) => guardsOn({ collection: 'groups', key })));
    const beatAll = () => Promise.all(names.map((name, at) => beat(lists[at] ?? [], name, name)));
    for (let at = 0; at < 3; at += 1) await beatAll();
    await redis.client.config('RESETSTAT');
    const results = await beatAll();
    const stats = await redis.client.info('commandstats');
    expect(results.map(({ stale, leases }) => [stale, leases[0]?.revision])).toEqual(
      await Promise.all(names.map(async (name) => [false, await revisionOf(name)])),
    );
    return ['evalsha', 'hmget', 'hget'].map(
      (name) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1],
    );
  };
  expect(await readsOfBatch(20)).toEqual(['1', '3', '1']);
  expect(await readsOfBatch(1)).toEqual(['1', '3', '1']);
});

describe('a beat is stale', () => {
  it('as soon as another node changed its document, and not on the new version', async () => {
    await write({ ...groupDocument, value: '1' });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await write({ ...groupDocument, value: '2' });
    expect((await beat(guards)).stale).toBe(true);
    expect((await beat(guards)).stale).toBe(true);
    await settle(await guardsOn(groupDocument));
  });

  it('after its document was deleted, and after it was created again', async () => {
    await write({ ...groupDocument, value: '1' }, { ...groupDocument, key: 'b', value: '1' });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await write({ ...groupDocument, value: null });
    expect((await beat(guards)).stale).toBe(true);
    const absent = await guardsOn(groupDocument);
    await settle(absent);
    await write({ ...groupDocument, value: '1' });
    expect([(await beat(guards)).stale, (await beat(absent)).stale]).toEqual([true, true]);
  });

  it('after the last document of a collection was deleted', async () => {
    await write({ ...groupDocument, value: '1' });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await write({ ...groupDocument, value: null });
    expect((await beat(guards)).stale).toBe(true);
  });

  it('once the deadline of its document is there, although nothing is written', async () => {
    await write({ ...groupDocument, value: '1', ttlMs: 50 });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await redis.client.hincrby('{hb:0}:clock', 'lease', 50);
    expect((await beat(guards)).stale).toBe(true);
  });

  it('after the tenant was dropped, and made again', async () => {
    await write({ ...groupDocument, value: '1' });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await other.drop({ tenant });
    expect((await beat(guards)).stale).toBe(true);
    await write({ ...groupDocument, value: '1' });
    expect((await beat(guards)).stale).toBe(true);
  });

  it('after a dump with another version was loaded, until the one with its own is', async () => {
    await write({ ...groupDocument, value: '1' });
    const guards = await guardsOn(groupDocument);
    const first = await other.dump({ tenant });
    await settle(guards);
    await write({ ...groupDocument, value: '2' });
    const second = await other.dump({ tenant });
    await other.load({ tenant, dump: first });
    await settle(guards);
    await other.load({ tenant, dump: second });
    expect((await beat(guards)).stale).toBe(true);
  });

  it('after Redis lost everything', async () => {
    await write({ ...groupDocument, value: '1' });
    const guards = await guardsOn(groupDocument);
    await settle(guards);
    await redis.client.flushall();
    expect((await beat(guards)).stale).toBe(true);
    await write({ ...groupDocument, value: '1' });
    expect((await beat(guards)).stale).toBe(true);
  });

  it('alone in its batch, if only its own guard does not hold', async () => {
    await write({ ...groupDocument, value: '1' }, { collection: 'groups', key: 'b:5;', value: '1' });
    const lists = [await guardsOn(groupDocument), await guardsOn({ collection: 'groups', key: 'b:5;' }), []];
    const beatAll = async () =>
      (await Promise.all(lists.map((guards, at) => beat(guards, `${at}`, `${at}`)))).map(
        ({ stale }) => stale,
      );
    for (let at = 0; at < 3; at += 1) expect(await beatAll()).toEqual([false, false, false]);
    await write({ collection: 'groups', key: 'b:5;', value: '2' });
    expect(await beatAll()).toEqual([false, true, false]);
    expect(await beatAll()).toEqual([false, true, false]);
  });
});

describe('a beat returns the revision of now', () => {
  const revision = async (): Promise<number | undefined> => (await beat([])).leases[0]?.revision;
  const join = (group: string, ms = ttlMs) =>
    other.beat({ tenant, holder: 'bob', groups: [{ group }], ttlMs: ms, grant: true });

  beforeEach(() => settle([]));

  it.each([
    ['a grant by another node', () => join('a')],
    ['a grant in another group', () => join('b')],
  ])('after %s', async (_, change) => {
    await change();
    expect(await revision()).toBe(await revisionOf('a'));
    expect(await revision()).toBe(await revisionOf('a'));
  });

  it('after a release, and after an expiry', async () => {
    await join('a', 50);
    const joined = await revision();
    await other.advanceClock(50);
    const expired = await revision();
    expect(expired).toBeGreaterThan(joined ?? 0);
    await join('a');
    await settle([]);
    await other.release({ tenant, holder: 'bob' });
    expect(await revision()).toBe(await revisionOf('a'));
  });

  it('after the tenant was dropped, loaded or lost', async () => {
    const dump = await other.dump({ tenant });
    await other.drop({ tenant });
    const granted = await revision();
    expect(granted).toBe(await revisionOf('a'));
    await settle([]);
    await other.load({ tenant, dump });
    expect(await revision()).toBe(await revisionOf('a'));
    expect(await revision()).not.toBe(granted);
    await redis.client.flushall();
    expect(await revision()).toBe(await revisionOf('a'));
  });
});

it('whatever two nodes do, a beat is stale exactly if a guard does not hold, and has the revision of its group', async () => {
  const random = makeRandom('known changes');
  const keys = ['a', 'b', 'c'];
  const lists = new Map<string, readonly Guard[]>();
  for (let step = 0; step < 400; step += 1) {
    const [key, group] = [random.pick(keys), random.pick(keys)];
    const document = { collection: random.pick(['groups', 'logstores']), key };
    const kind = random.below(12);
    if (kind === 0) await write({ ...document, value: `${step}` });
    else if (kind === 1) await write({ ...document, value: null });
    else if (kind === 2) await write({ ...document, value: `${step}`, ttlMs: random.between(1, 50) });
    else if (kind === 3) await other.advanceClock(random.between(1, 60));
    else if (kind === 4) await other.release({ tenant, holder: random.pick(keys) });
    else if (kind === 5 && random.chance(0.1)) await other.drop({ tenant });
    else {
      const documents = [
        { collection: 'groups', key },
        { collection: 'logstores', key: group },
      ];
      const current = await guardsOn(...documents);
      const known = lists.get(`${key}${group}`) ?? current;
      lists.set(`${key}${group}`, random.chance(0.3) ? current : known);
      const isStale = known.some(({ version }, at) => version !== current[at]?.version);
      const { stale, leases } = await beat(known, group, random.pick(keys));
      expect([step, stale]).toEqual([step, isStale]);
      if (!stale) expect([step, leases[0]?.revision]).toEqual([step, await revisionOf(group)]);
    }
  }
});
