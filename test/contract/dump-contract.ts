/** What every driver must keep of dumps: one suite, called by a line per driver. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { maxDumpItems } from '../../src/store/limits.ts';
import { DumpTooLarge, type Store, type TenantDump, type TenantEvent } from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

const hourMs = 3_600_000;
const nothing: TenantDump = {
  clock: { offsetMs: 0, frozen: false },
  ...{ timetoken: 0n, leases: [], revisions: [], documents: [], topics: [] },
};
const lease = { group: 'g', holder: 'ann', ttlMs: 500, remainingMs: 300, epoch: 0, data: null };

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function dumpContract(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('dumps of tenants', () => testDumps(traits, open));
}

function testDumps(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  let store: Store;
  let tenant: string;
  let events: TenantEvent[];
  const opened: Node[] = [];

  const openStore = async (): Promise<Store> => {
    const node = await backend.node();
    opened.push(node);
    return node.store;
  };
  const beat = (holder: string, group: string, data?: string, ttlMs = 60_000) =>
    store.beat({
      ...{ tenant, holder, ttlMs, grant: true },
      groups: [{ group, ...(data === undefined ? {} : { data }) }],
    });
  const dump = (of = tenant): Promise<TenantDump> => store.dump({ tenant: of });
  const load = (given: Partial<TenantDump>, to = tenant): Promise<null> =>
    store.load({ tenant: to, dump: { ...nothing, ...given } });
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  /** Lists without an order of their own, sorted; payloads as text. */
  const sorted = ({ revisions, documents, topics, ...rest }: TenantDump): unknown => ({
    ...rest,
    revisions: [...revisions].sort((a, b) => (a.group < b.group ? -1 : 1)),
    documents: [...documents].sort((a, b) => (a.collection + a.key < b.collection + b.key ? -1 : 1)),
    topics: [...topics]
      .sort((a, b) => (a.topic < b.topic ? -1 : 1))
      .map(({ entries, ...topic }) => ({
        ...topic,
        entries: entries.map(({ position, payload }) => [position, Buffer.from(payload).toString('latin1')]),
      })),
  });
  /** Fills the tenant with something of each kind. */
  const fill = async (): Promise<void> => {
    await store.watchEvents({ tenant, groups: ['g', 'h'], prefixes: ['1'], forMs: hourMs });
    await beat('ann', 'g', '{"mood":"ü"}');
    await beat('bob', 'g');
    await beat('ann', 'h', undefined, 90_000);
    for (let at = 0; at < 40; at += 1) await beat(`many ${at}`, '1:a');
    await store.release({ tenant, holder: 'many 3' });
    await store.advanceClock(1_500);
    await beat('ann', 'g', '{"mood":"ü"}');
    await store.commit({
      tenant,
      writes: [
        { collection: 'c', key: 'k', value: '{"a":1}' },
        { collection: 'c', key: 'timed', value: '', ttlMs: 5_000 },
        { collection: 'other:1', key: 'k', value: 'no JSON' },
      ],
      appends: [
        { topic: 'tokens', payload: bytes('\0ÿ'), keepEntries: 5, keepBytes: 1_000, idleMs: 7_000 },
        { topic: 'tokens', payload: bytes('second'), keepEntries: 5, keepBytes: 1_000, idleMs: 7_000 },
        { topic: 'dense', payload: bytes('x'), after: 41n, keepEntries: 5 },
      ],
    });
  };

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    store = await openStore();
    tenant = `dumps/${randomUUID()}`;
    events = [];
    await store.freezeClock();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.store.close();
  });

  describe('a dump', () => {
    it('that is loaded again after a drop is the same, and nothing is observed', async () => {
      await fill();
      const before = await dump();
      expect(before.leases).toHaveLength(42);
      expect(before.topics.map(({ topic }) => topic).sort()).toEqual([
        ...['dense', 'leases-below:1', 'leases:g', 'leases:h', 'tokens'],
      ]);
      store.observe((event) => {
        if (event.tenant === tenant) events.push(event);
      });
      await store.drop({ tenant });
      expect(await dump()).toEqual(nothing);
      await store.load({ tenant, dump: before });
      expect(sorted(await dump())).toEqual(sorted(before));
      expect(events).toEqual([]);
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toMatchObject({
        ...{ tenant, leases: 42, documents: 3, topics: 5 },
      });
    });

    it('keeps everything working: order, deadlines, indexes, counts and the bounds of topics', async () => {
      await fill();
      const { leases } = await dump();
      await load(await dump());
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual(['g', 'h']);
      const page = await store.members({ tenant, group: 'g', offset: 0, limit: 10 });
      expect(page.leases.map(({ holder }) => holder)).toEqual(['ann', 'bob']);
      const [granted] = (await beat('eve', 'g')).leases;
      expect(granted?.epoch).toBeGreaterThan(Math.max(...leases.map(({ epoch }) => epoch), page.revision));
      const [position] = (
        await store.commit({
          tenant,
          appends: [{ topic: 'tokens', payload: bytes('third'), keepEntries: 2, keepBytes: 1_000 }],
        })
      ).positions;
      const kept = await store.readTopics({ tenant, topics: [{ topic: 'tokens', after: 0n }], limit: 9 });
      expect(kept.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['second', 'third']);
      expect(kept.at(-1)?.position).toBe(position);
      const dense = await store.commit({
        tenant,
        appends: [{ topic: 'dense', payload: bytes('y'), after: 0n, keepEntries: 5 }],
      });
      expect(dense.positions).toEqual([43n]);
      const fired = await store.advanceClock(hourMs);
      expect(fired.filter((event) => event.tenant === tenant)).toHaveLength(43);
      expect(await store.readDocuments({ tenant, documents: [{ collection: 'c', key: 'timed' }] })).toEqual([
        null,
      ]);
      await store.advanceClock(24 * hourMs);
      const rest = await dump();
      expect(rest.leases).toEqual([]);
      expect(rest.documents.map(({ collection }) => collection).sort()).toEqual(['c', 'other:1']);
    });

    it('leaves out what is due and not swept', async () => {
      await beat('ann', 'g', undefined, 1_000);
      await beat('bob', 'g', undefined, 5_000);
      const { driver } = opened[0] as Node;
      const partition = driver.partitionOf(tenant);
      await driver.claimSweep(partition, 'another owner', 60_000);
      await driver.setClock(partition, { advanceMs: 1_000 });
      expect((await dump()).leases).toMatchObject([{ holder: 'bob', remainingMs: 4_000 }]);
      await driver.claimSweep(partition, 'another owner', 0);
    });

    it('has the clock of the tenant, which is moved and stands again after a load', async () => {
      await store.thawClock();
      await beat('ann', 'g', undefined, 2 * hourMs);
      await store.advanceClock(hourMs, tenant);
      await store.freezeClock(tenant);
      await store.commit({ tenant, appends: [{ topic: 't', payload: bytes('x'), keepEntries: 5 }] });
      const before = await dump();
      expect(before.clock).toMatchObject({ frozen: true });
      const { timetoken: reached } = await store.now({ tenant });
      const other = `dumps/${randomUUID()}`;
      await load(before, other);
      expect(await store.readClock(other)).toMatchObject({ frozen: true });
      const loaded = await dump(other);
      expect(loaded.leases).toEqual(before.leases);
      expect(loaded.timetoken).toBe(before.timetoken);
      const { positions } = await store.commit({
        tenant: other,
        appends: [{ topic: 't', payload: bytes('y'), keepEntries: 5 }],
      });
      expect(positions[0]).toBeGreaterThan(before.topics[0]?.entries[0]?.position ?? reached);
      await load({}, other);
      expect(await store.readClock(other)).toMatchObject({ frozen: false, offsetMs: 0 });
      expect(await store.ownClocks()).not.toContain(other);
    });

    it('that leaves numbers out gets new ones, in order', async () => {
      await load({
        leases: [lease, { ...lease, holder: 'bob', data: 'text' }],
        documents: [{ collection: 'c', key: 'k', version: 0, value: 'v', remainingMs: 100 }],
        topics: [{ topic: 't', remainingMs: null, entries: [{ position: 0n, payload: bytes('a') }] }],
      });
      const { leases, documents, topics, revisions } = await dump();
      expect(leases).toMatchObject([
        { holder: 'ann', ttlMs: 500, remainingMs: 300, data: null },
        { holder: 'bob', data: 'text' },
      ]);
      const [ann, bob] = leases.map(({ epoch }) => epoch);
      expect(bob).toBeGreaterThan(ann ?? Number.POSITIVE_INFINITY);
      expect(revisions).toEqual([{ group: 'g', revision: bob }]);
      expect(documents).toMatchObject([{ key: 'k', value: 'v', remainingMs: 100 }]);
      expect(documents[0]?.version).toBeGreaterThan(0);
      expect(topics[0]?.entries[0]?.position).toBeGreaterThan(10n ** 16n);
    });

    it.each<[string, Partial<TenantDump>]>([
      ['two leases of one holder in a group', { leases: [lease, lease] }],
      ['a lease that has ended', { leases: [{ ...lease, remainingMs: 0 }] }],
      ['an epoch that is no whole number', { leases: [{ ...lease, epoch: 1.5 }] }],
      ['a clock before 1970', { clock: { offsetMs: -8e12, frozen: false } }],
      ['a clock after the last date', { clock: { offsetMs: 8e12, frozen: true } }],
      ['a topic without entries', { topics: [{ topic: 't', remainingMs: null, entries: [] }] }],
      [
        'positions that fall',
        {
          topics: [
            {
              ...{ topic: 't', remainingMs: null },
              entries: [2n, 1n].map((position) => ({ position, payload: bytes('') })),
            },
          ],
        },
      ],
      ['a timetoken after the last date', { timetoken: 10n ** 18n }],
    ])('is refused with %s, and nothing is changed', async (_, wrong) => {
      await beat('eve', 'g');
      await expect(load(wrong)).rejects.toThrow(RangeError);
      expect((await dump()).leases).toMatchObject([{ holder: 'eve' }]);
    });

    it('is refused when the tenant holds too much', async () => {
      const documents = Array.from({ length: maxDumpItems }, (_, at) => ({
        ...{ collection: 'c', key: String(at), version: 0, value: '', remainingMs: null },
      }));
      await load({ documents });
      expect((await dump()).documents).toHaveLength(maxDumpItems);
      await beat('ann', 'g');
      await expect(load({ documents, leases: [lease] })).rejects.toThrow(DumpTooLarge);
      await expect(dump()).rejects.toThrow(DumpTooLarge);
      await store.drop({ tenant });
    });

    it('and what replaced a tenant are told to those that observe resets', async () => {
      const another = traits.shared ? await openStore() : store;
      const told = Promise.withResolvers<string>();
      another.observeResets(told.resolve);
      const waiting = another.wait({ tenant, topics: [{ topic: 't', after: 0n }], timeoutMs: 60_000 });
      // The wait is registered before the notification can come.
      await another.now({ tenant });
      for (let done = false; !done; ) {
        await load({ leases: [lease] });
        done = await Promise.race([told.promise.then(() => true), store.now({ tenant }).then(() => false)]);
      }
      expect(await told.promise).toBe(tenant);
      expect(await waiting).toBe(true);
    });
  });

  if (traits.survivesKill)
    describe('what was loaded', () => {
      it('is there after a kill', async () => {
        await load({ leases: [lease], clock: { offsetMs: hourMs, frozen: true } });
        const before = sorted(await dump());
        await backend.restart?.();
        store = await openStore();
        expect(sorted(await dump())).toEqual(before);
        await store.drop({ tenant });
        await store.followClock(tenant);
      });
    });
}
