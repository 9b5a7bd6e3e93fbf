/** What every driver must keep, item by item: one suite, called by a few lines per driver. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { maxGroupsPerHolder } from '../../src/store/limits.ts';
import {
  type Beat,
  type LeaseEvent,
  leaseEventsTopic,
  type Store,
  type TenantEvent,
  TooManyGroups,
} from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

const longHold = 60_000;

/**
 * The suite freezes the lease clock and moves it by hand: every deadline is met to the millisecond. `aheadMs`: by how much the
 * clocks of its tenants are moved by themselves first.
 */
export function storeContract(
  traits: BackendTraits,
  open: () => Promise<Backend>,
  { aheadMs = 0 }: { readonly aheadMs?: number } = {},
): void {
  const title = aheadMs > 0 ? 'with tenants whose clocks were moved' : 'with tenants that follow the clock';
  // With hooks inside a suite that has no others: they are for these tests alone.
  describe(title, () => testStore(traits, open, aheadMs));
}

function testStore(traits: BackendTraits, open: () => Promise<Backend>, aheadMs: number): void {
  let backend: Backend;
  let node: Node;
  let store: Store;
  let tenant: string;
  const opened: Node[] = [];

  const openNode = async (options: Parameters<Backend['node']>[0] = {}): Promise<Node> => {
    const another = await backend.node(options);
    opened.push(another);
    return another;
  };
  const beat = (
    change: Partial<Beat> & { group?: string; data?: string } = {},
  ): ReturnType<Store['beat']> => {
    const { group = 'g', data, ...rest } = change;
    const groups = [{ group, ...(data === undefined ? {} : { data }) }];
    return store.beat({ tenant, holder: 'ann', groups, ttlMs: 1_000, grant: true, ...rest });
  };
  const watch = (...groups: readonly string[]): ReturnType<Store['watchEvents']> =>
    store.watchEvents({ tenant, groups, prefixes: [], forMs: 3_600_000 });
  const events = async (group = 'g', of: Store = store): Promise<LeaseEvent[]> => {
    const entries = await of.readTopics({
      tenant,
      topics: [{ topic: leaseEventsTopic(group), after: 0n }],
      limit: 10_000,
    });
    return entries.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);
  };
  const steps = async (group = 'g'): Promise<string[]> =>
    (await events(group)).map(({ type, holder, count }) => `${type} ${holder} ${count}`);
  const members = async (group = 'g', of: Store = store): Promise<string[]> =>
    (await of.members({ tenant, group, offset: 0, limit: 10_000 })).leases.map(({ holder }) => holder);
  /** Advances the clock while another owner claims the sweep: what is due stays due and unswept. */
  const advanceUnswept = async (advanceMs: number): Promise<void> => {
    const partition = node.driver.partitionOf(tenant);
    await node.driver.claimSweep(partition, 'another owner', longHold);
    await node.driver.setClock(partition, { advanceMs });
  };
  const sweepAgain = (): Promise<void> =>
    node.driver.claimSweep(node.driver.partitionOf(tenant), 'another owner', 0);

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    node = await openNode();
    store = node.store;
    tenant = `test/${randomUUID()}`;
    await store.freezeClock();
    await watch('g', 'a', 'b');
    if (aheadMs > 0) await store.advanceClock(aheadMs, tenant);
  });
  afterEach(async () => {
    await sweepAgain().catch(() => {});
    for (const each of opened.splice(0)) await each.store.close();
  });

  describe('a lease is live exactly while now < deadline', () => {
    it('to every read, up to the last millisecond', async () => {
      await beat({ data: '{"a":1}' });
      await store.advanceClock(999);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({
        remainingMs: 1,
        ttlMs: 1_000,
        data: '{"a":1}',
      });
      expect(await members()).toEqual(['ann']);
      expect(await store.count({ tenant, groups: ['g', 'none'] })).toEqual([1, 0]);
      expect(await store.groups({ tenant, limit: 10 })).toEqual(['g']);
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual(['g']);
    });

    it('and is dead to every read from the deadline on, although it has not been swept', async () => {
      await beat();
      await advanceUnswept(1_000);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toBeNull();
      expect(await store.members({ tenant, group: 'g', offset: 0, limit: 10 })).toMatchObject({
        count: 0,
        leases: [],
      });
      expect(await store.count({ tenant, groups: ['g'] })).toEqual([0]);
      expect(await store.groups({ tenant, limit: 10 })).toEqual([]);
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual([]);
      expect(await store.setData({ tenant, group: 'g', holder: 'ann', data: '1' })).toEqual({
        live: false,
        changed: false,
      });
      expect(await steps()).toEqual(['granted ann 1']);
    });

    it('and to a beat that may not grant', async () => {
      await beat();
      await advanceUnswept(1_000);
      expect((await beat({ grant: false })).leases).toMatchObject([
        { group: 'g', state: 'absent', epoch: 0 },
      ]);
      expect((await store.beat({ tenant, holder: 'ann', grant: false })).leases).toEqual([]);
    });
  });

  it('a beat on a dead lease records expired, then granted with a greater epoch', async () => {
    const [before] = (await beat({ data: '"old"' })).leases;
    await advanceUnswept(1_500);
    const [after] = (await beat()).leases;
    expect(after).toMatchObject({ state: 'granted', data: null });
    expect(after?.epoch).toBeGreaterThan(before?.epoch ?? Number.POSITIVE_INFINITY);
    expect(await steps()).toEqual(['granted ann 1', 'expired ann 0', 'granted ann 1']);
    expect((await events())[1]).toMatchObject({ epoch: before?.epoch, data: '"old"', lateMs: 500 });
  });

  it('a release of a dead lease records its expiry and releases nothing', async () => {
    await beat();
    await advanceUnswept(1_000);
    expect(await store.release({ tenant, holder: 'ann' })).toEqual([]);
    expect(await steps()).toEqual(['granted ann 1', 'expired ann 0']);
  });

  describe('epochs and revisions', () => {
    it('a plain renewal changes the deadline and nothing else', async () => {
      const [granted] = (await beat({ data: '{}' })).leases;
      await store.advanceClock(600);
      const [renewed] = (await beat({ data: '{}' })).leases;
      expect(renewed).toEqual({ ...granted, state: 'renewed' });
      await store.advanceClock(600);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({ remainingMs: 400 });
      expect(await steps()).toEqual(['granted ann 1']);
    });

    it('every grant has a greater epoch, every membership change a greater revision', async () => {
      const revisions: number[] = [];
      const epochs: number[] = [];
      const note = async (change: Parameters<typeof beat>[0]): Promise<void> => {
        const [lease] = (await beat(change)).leases;
        epochs.push(lease?.epoch ?? 0);
        revisions.push(lease?.revision ?? 0);
      };
      await note({ holder: 'ann' });
      await note({ holder: 'bob' });
      await store.release({ tenant, holder: 'bob', groups: ['g'] });
      revisions.push((await store.members({ tenant, group: 'g', offset: 0, limit: 1 })).revision);
      await note({ holder: 'bob' });
      await store.advanceClock(500);
      await beat({ holder: 'ann' });
      await store.advanceClock(500);
      revisions.push((await store.members({ tenant, group: 'g', offset: 0, limit: 1 })).revision);
      await note({ holder: 'bob' });
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
      expect((await events()).map(({ revision }) => revision)).toEqual(revisions);
    });

    it('grow also across a group that was empty in between', async () => {
      const [first] = (await beat()).leases;
      await store.release({ tenant, holder: 'ann' });
      expect((await store.members({ tenant, group: 'g', offset: 0, limit: 1 })).revision).toBe(0);
      const [second] = (await beat()).leases;
      expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Number.POSITIVE_INFINITY);
      expect(second?.revision).toBeGreaterThan(first?.revision ?? Number.POSITIVE_INFINITY);
    });
  });

  describe('beat', () => {
    it('renews and grants many groups at once, and returns them in the order of the request', async () => {
      const groups = ['c', 'a', 'b'].map((group) => ({ group }));
      const first = await store.beat({ tenant, holder: 'ann', groups, ttlMs: 1_000, grant: true });
      expect(first.leases.map(({ group, state }) => [group, state])).toEqual([
        ['c', 'granted'],
        ['a', 'granted'],
        ['b', 'granted'],
      ]);
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual(['a', 'b', 'c']);
      const second = await store.beat({
        tenant,
        holder: 'ann',
        groups: [...groups, { group: 'd' }],
        ttlMs: 1_000,
        grant: false,
      });
      expect(second.leases.map(({ state }) => state)).toEqual(['renewed', 'renewed', 'renewed', 'absent']);
    });

    it('treats a group that is named twice as one lease, and so does a release', async () => {
      const groups = [{ group: 'g' }, { group: 'other' }, { group: 'g' }];
      const twice = async (): Promise<string[]> =>
        (await store.beat({ tenant, holder: 'ann', groups, ttlMs: 1_000, grant: true })).leases.map(
          ({ state }) => state,
        );
      expect(await twice()).toEqual(['granted', 'granted', 'renewed']);
      await advanceUnswept(1_000);
      expect(await twice()).toEqual(['granted', 'granted', 'renewed']);
      expect(await store.release({ tenant, holder: 'ann', groups: ['other'] })).toEqual(['other']);
      expect(await store.release({ tenant, holder: 'ann', groups: ['g', 'g'] })).toEqual(['g']);
      expect(await steps()).toEqual(['granted ann 1', 'expired ann 0', 'granted ann 1', 'released ann 0']);
      const sizes = (await store.tenants()).filter((size) => size.tenant === tenant);
      expect(sizes).toMatchObject([{ leases: 0 }]);
    });

    it('groups are returned in pages in the order of their code points, whatever their characters', async () => {
      const names = ['a', 'a\u0000', 'ab', 'é', '\u2713', '\ue000', '\ufffd', '😀', '😀\uffff', '😀😀'];
      for (const group of [...names].reverse())
        await store.beat({ tenant, holder: 'ann', groups: [{ group }], ttlMs: 1_000, grant: true });
      const found: string[] = [];
      for (;;) {
        const after = found.at(-1);
        const page = await store.groups({ tenant, limit: 3, ...(after === undefined ? {} : { after }) });
        found.push(...page);
        if (page.length < 3) break;
      }
      expect(found).toEqual(names);
    });

    it('without groups renews every group held and grants nothing', async () => {
      await beat({ group: 'a', data: '"x"' });
      await beat({ group: 'b' });
      await store.advanceClock(900);
      const result = await store.beat({ tenant, holder: 'ann', ttlMs: 5_000, grant: true });
      expect(result.leases.map(({ group, state, data }) => [group, state, data]).sort()).toEqual([
        ['a', 'renewed', '"x"'],
        ['b', 'renewed', null],
      ]);
      await store.advanceClock(4_999);
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual(['a', 'b']);
      expect((await store.beat({ tenant, holder: 'unknown', ttlMs: 1_000, grant: true })).leases).toEqual([]);
    });

    it('without a TTL keeps that of the lease, and uses the default for a new lease', async () => {
      const withDefault = {
        tenant,
        holder: 'ann',
        groups: [{ group: 'g' }],
        defaultTtlMs: 3_000,
        grant: true,
      };
      await store.beat(withDefault);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({
        remainingMs: 3_000,
        ttlMs: 3_000,
      });
      await beat({ ttlMs: 8_000 });
      await store.advanceClock(5_000);
      await store.beat(withDefault);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({
        remainingMs: 8_000,
        ttlMs: 8_000,
      });
    });

    it('with a shorter TTL ends the lease earlier than before', async () => {
      await beat({ ttlMs: 100_000 });
      await beat({ ttlMs: 500 });
      const fired = await store.advanceClock(500);
      expect(fired.filter((event) => event.tenant === tenant)).toMatchObject([
        { type: 'expired', holder: 'ann', lateMs: 0 },
      ]);
    });

    it('with data that differs records one change, and none if the data is the same', async () => {
      await beat({ data: '{"mood":"ok"}' });
      await beat({ data: '{"mood":"ok"}' });
      await beat({ data: '{"mood":"sad"}' });
      await beat();
      expect((await events()).map(({ type, data }) => [type, data])).toEqual([
        ['granted', '{"mood":"ok"}'],
        ['changed', '{"mood":"sad"}'],
      ]);
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({
        data: '{"mood":"sad"}',
      });
    });

    it('returns at least the requested fields of each lease', async () => {
      const groups = [{ group: 'g', data: '"x"' }, { group: 'h' }];
      const choices = ['state', 'revision', 'all'] as const;
      for (const returning of choices) {
        const holder = `of-${returning}`;
        const ask: Beat = { tenant, holder, groups, ttlMs: 1_000, grant: true, returning };
        const none = await store.beat({ ...ask, grant: false });
        expect(none.leases.map(({ group, state }) => [group, state])).toEqual([
          ['g', 'absent'],
          ['h', 'absent'],
        ]);
        for (const state of ['granted', 'renewed', 'renewed']) {
          const result = await store.beat(
            state === 'granted' ? ask : { ...ask, groups: [...groups].reverse() },
          );
          const held = await Promise.all(
            result.leases.map(async ({ group }) => {
              const lease = await store.read({ tenant, group, holder });
              const { revision } = await store.members({ tenant, group, offset: 0, limit: 0 });
              return {
                group,
                state,
                ...(returning === 'state' ? {} : { revision }),
                ...(returning === 'all' || state === 'granted' ? { epoch: lease?.epoch } : {}),
                ...(returning === 'all' ? { data: lease?.data } : {}),
              };
            }),
          );
          expect(held.map(({ group }) => group)).toEqual(state === 'granted' ? ['g', 'h'] : ['h', 'g']);
          expect(result.leases).toMatchObject(held);
        }
        expect((await store.beat({ tenant, holder, grant: false, returning })).leases).toMatchObject([
          { group: 'g', state: 'renewed', ...(returning === 'all' ? { data: '"x"' } : {}) },
          { group: 'h', state: 'renewed' },
        ]);
      }
    });

    it('returns the data unless it has the version that is known, and another version after each change', async () => {
      const ask = async (knownVersion?: number) => {
        const groups = [{ group: 'g', ...(knownVersion === undefined ? {} : { knownVersion }) }];
        const { leases } = await store.beat({
          tenant,
          holder: 'ann',
          groups,
          grant: false,
          returning: 'data',
        });
        return { version: leases[0]?.version ?? 0, data: leases[0]?.data };
      };
      await beat({ data: '"x"' });
      const first = await ask();
      expect(first.data).toBe('"x"');
      expect((await ask(first.version)).version).toBe(first.version);
      await store.setData({ tenant, group: 'g', holder: 'ann', data: '"y"' });
      const second = await ask(first.version);
      expect(second).toEqual({ version: expect.any(Number), data: '"y"' });
      await beat({ data: '"x"' });
      const third = await ask(second.version);
      expect(third.data).toBe('"x"');
      await store.setData({ tenant, group: 'g', holder: 'ann', data: null });
      const none = await ask(third.version);
      expect(none).toEqual({ version: 0, data: null });
      await store.setData({ tenant, group: 'g', holder: 'ann', data: '"z"' });
      const last = await ask(none.version);
      expect(last.data).toBe('"z"');
      expect(new Set([first, second, third, none, last].map(({ version }) => version)).size).toBe(5);
    });

    it('on many leases at once returns the data of those of which another version is known', async () => {
      const holders = ['ann', 'bob', 'cid', 'dan'];
      for (const holder of holders) await beat({ holder, data: `"${holder}"` });
      const ask = (versions: readonly number[]) =>
        Promise.all(
          holders.map(async (holder, at) => {
            const groups = [{ group: 'g', knownVersion: versions[at] ?? 0 }];
            const { leases } = await store.beat({ tenant, holder, groups, grant: false, returning: 'data' });
            return { version: leases[0]?.version ?? 0, data: leases[0]?.data };
          }),
        );
      const all = await ask([]);
      expect(all.map(({ data }) => data)).toEqual(holders.map((holder) => `"${holder}"`));
      const versions = all.map(({ version }) => version);
      expect((await ask(versions)).map(({ version }) => version)).toEqual(versions);
      await store.setData({ tenant, group: 'g', holder: 'cid', data: '"new"' });
      const changed = await ask(versions);
      expect(changed[2]?.data).toBe('"new"');
      expect(changed.map(({ version }, at) => version === versions[at])).toEqual([true, true, false, true]);
    });

    it('at once in two tenants that share a partition keeps them apart', async () => {
      let other = `test/${randomUUID()}`;
      while (node.driver.partitionOf(other) !== node.driver.partitionOf(tenant))
        other = `test/${randomUUID()}`;
      const ask = (of: string, holder: string) =>
        store.beat({ tenant: of, holder, groups: [{ group: 'g' }], ttlMs: 1_000, grant: true });
      await Promise.all([ask(tenant, 'ann'), ask(other, 'bob'), ask(tenant, 'cid')]);
      expect(await members()).toEqual(['ann', 'cid']);
      expect((await store.members({ tenant: other, group: 'g', offset: 0, limit: 9 })).leases).toMatchObject([
        { holder: 'bob' },
      ]);
      expect(await steps()).toEqual(['granted ann 1', 'granted cid 2']);
    });

    it('renews more groups at once than a script can pass to one call', async () => {
      const groups = Array.from({ length: 2_500 }, (_, at) => ({ group: `g${at}`, data: `${at}` }));
      const ask = { tenant, holder: 'ann', groups, ttlMs: 1_000, grant: true };
      expect(new Set((await store.beat(ask)).leases.map(({ state }) => state))).toEqual(new Set(['granted']));
      await store.advanceClock(999);
      const [again, held] = await Promise.all([
        store.beat(ask),
        store.beat({ tenant, holder: 'ann', grant: false }),
      ]);
      for (const { leases } of [again, held]) {
        expect(leases).toHaveLength(groups.length);
        expect(leases.every(({ state, group, data }) => state === 'renewed' && group === `g${data}`)).toBe(
          true,
        );
      }
      await store.advanceClock(999);
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toHaveLength(groups.length);
    });

    it('that would give its holder too many groups changes nothing and is refused, and the batch goes on', async () => {
      const groups = Array.from({ length: maxGroupsPerHolder }, (_, at) => ({ group: `g${at}` }));
      const ask = { tenant, holder: 'ann', ttlMs: 60_000, grant: true, returning: 'state' as const };
      for (let from = 0; from < groups.length; from += 1_000)
        await store.beat({ ...ask, groups: groups.slice(from, from + 1_000) });
      const [refused, renewed, other] = await Promise.allSettled([
        store.beat({ ...ask, groups: [{ group: 'g0' }, { group: 'one too many' }] }),
        store.beat({ ...ask, groups: [{ group: 'g1' }] }),
        store.beat({ ...ask, holder: 'bob', groups: [{ group: 'one too many' }] }),
      ]);
      expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(TooManyGroups) });
      expect(renewed).toMatchObject({ value: { leases: [{ state: 'renewed' }] } });
      expect(other).toMatchObject({ value: { leases: [{ state: 'granted' }] } });
      expect(await members('one too many')).toEqual(['bob']);
      await store.drop({ tenant });
    });

    it('with a guard that does not hold changes nothing and reports it', async () => {
      const { versions } = await store.commit({
        tenant,
        writes: [{ collection: 'c', key: 'k', value: '1' }],
      });
      const version = versions[0] ?? 0;
      const guard = { collection: 'c', key: 'k', version };
      const absentOne = { collection: 'c', key: 'none', version: 0 };
      expect((await beat({ guards: [guard, absentOne] })).stale).toBe(false);
      await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: '2' }] });
      await store.advanceClock(900);
      expect(await beat({ guards: [guard] })).toEqual({ stale: true, leases: [] });
      expect(await beat({ holder: 'bob', guards: [{ ...absentOne, version }] })).toEqual({
        stale: true,
        leases: [],
      });
      expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toMatchObject({ remainingMs: 100 });
      expect(await members()).toEqual(['ann']);
    });
  });

  describe('release', () => {
    it('ends the named groups, or all that are held, with one event each', async () => {
      for (const group of ['a', 'b', 'c']) await beat({ group, data: `"${group}"` });
      expect(await store.release({ tenant, holder: 'ann', groups: ['b', 'unknown'] })).toEqual(['b']);
      expect(await store.release({ tenant, holder: 'ann' })).toEqual(['a', 'c']);
      expect(await store.release({ tenant, holder: 'ann' })).toEqual([]);
      expect(await steps('b')).toEqual(['granted ann 1', 'released ann 0']);
      expect((await events('b'))[1]).toMatchObject({ data: '"b"' });
    });

    it('may be recorded as an expiry', async () => {
      await beat();
      await store.release({ tenant, holder: 'ann', groups: ['g'], asExpired: true });
      expect(await steps()).toEqual(['granted ann 1', 'expired ann 0']);
    });
  });

  it('data is set only while the lease is live, without an event if requested', async () => {
    await beat();
    expect(await store.setData({ tenant, group: 'g', holder: 'ann', data: '1' })).toEqual({
      live: true,
      changed: true,
    });
    expect(await store.setData({ tenant, group: 'g', holder: 'ann', data: '1' })).toEqual({
      live: true,
      changed: false,
    });
    expect(await store.setData({ tenant, group: 'g', holder: 'ann', data: '2', emitEvent: false })).toEqual({
      live: true,
      changed: true,
    });
    expect(await store.setData({ tenant, group: 'g', holder: 'ann', data: null })).toEqual({
      live: true,
      changed: true,
    });
    expect(await store.setData({ tenant, group: 'g', holder: 'bob', data: '1' })).toEqual({
      live: false,
      changed: false,
    });
    expect((await events()).map(({ type, data }) => [type, data])).toEqual([
      ['granted', null],
      ['changed', '1'],
      ['changed', null],
    ]);
  });

  describe('reads', () => {
    it('members are returned oldest grant first, in pages that are stable while others renew', async () => {
      const holders = Array.from({ length: 25 }, (_, at) => `h${(at * 7) % 25}`);
      for (const holder of holders) await beat({ holder, ttlMs: 60_000 });
      for (const holder of ['h3', 'h21']) await beat({ holder, ttlMs: 90_000 });
      const page = async (offset: number): Promise<string[]> =>
        (await store.members({ tenant, group: 'g', offset, limit: 10 })).leases.map(({ holder }) => holder);
      expect([...(await page(0)), ...(await page(10)), ...(await page(20))]).toEqual(holders);
      expect(await store.members({ tenant, group: 'g', offset: 0, limit: 0 })).toMatchObject({
        count: 25,
        leases: [],
      });
    });

    it('groups are returned sorted, in pages', async () => {
      for (const group of ['d', 'b', 'a', 'c']) await beat({ group });
      expect(await store.groups({ tenant, limit: 2 })).toEqual(['a', 'b']);
      expect(await store.groups({ tenant, after: 'b', limit: 2 })).toEqual(['c', 'd']);
    });

    it('names and contents may be anything', async () => {
      const names = [
        '__proto__',
        'constructor',
        'a:b',
        '1:a',
        '',
        ' ',
        '\u0000',
        'é/ü',
        '😀',
        '"\\\n',
        '{x}',
        '%00',
        'x'.repeat(2_048),
      ];
      await watch(...names);
      for (const name of names) {
        await beat({ group: name, holder: `who ${name}`, data: name });
        await store.commit({ tenant, writes: [{ collection: name, key: name, value: name }] });
      }
      expect(await store.groups({ tenant, limit: 100 })).toEqual([...names].sort());
      for (const name of names) {
        expect(await members(name)).toEqual([`who ${name}`]);
        expect(await store.read({ tenant, group: name, holder: `who ${name}` })).toMatchObject({
          group: name,
          data: name,
        });
        expect((await events(name))[0]).toMatchObject({
          group: name,
          holder: `who ${name}`,
          data: name,
          count: 1,
        });
        expect(await store.listDocuments({ tenant, collection: name })).toMatchObject([
          { key: name, value: name },
        ]);
      }
    });

    it('tenants do not see each other', async () => {
      const other = `${tenant}x`;
      await beat();
      await store.beat({ tenant: other, holder: 'bob', groups: [{ group: 'g' }], ttlMs: 1_000, grant: true });
      expect(await members()).toEqual(['ann']);
      await store.drop({ tenant: other });
      expect(await members()).toEqual(['ann']);
    });
  });

  describe('sweep', () => {
    it('records an expiry once it is due and never before, by advance and by itself', async () => {
      await beat({ holder: 'ann', ttlMs: 1_000 });
      await beat({ holder: 'bob', ttlMs: 2_000 });
      const mine = async (ms: number): Promise<string[]> =>
        (await store.advanceClock(ms)).filter((event) => event.tenant === tenant).map(({ holder }) => holder);
      expect(await mine(999)).toEqual([]);
      expect(await mine(1)).toEqual(['ann']);
      expect(await mine(999)).toEqual([]);
      expect(await mine(1)).toEqual(['bob']);
      expect(await steps()).toEqual(['granted ann 1', 'granted bob 2', 'expired ann 1', 'expired bob 0']);
    });

    it('returns expiries in the order of their deadlines', async () => {
      for (let at = 0; at < 20; at += 1)
        await beat({ holder: `h${at}`, group: `g${at % 3}`, ttlMs: 1_000 + ((at * 13) % 20) });
      const fired = (await store.advanceClock(5_000)).filter((event) => event.tenant === tenant);
      expect(fired).toHaveLength(20);
      const late = fired.map(({ lateMs }) => lateMs);
      expect(late).toEqual([...late].sort((a, b) => b - a));
    });

    it('happens by itself while the clock runs', async () => {
      await store.thawClock();
      const expired = new Promise<TenantEvent>((resolve) => {
        store.observe((event) => {
          if (event.tenant === tenant && event.type === 'expired') resolve(event);
        });
      });
      await beat({ ttlMs: 60 });
      expect(await expired).toMatchObject({ group: 'g', holder: 'ann', count: 0 });
    });

    it('takes each expired lease exactly once, however many nodes sweep at the same time', async () => {
      const others = traits.shared ? [await openNode(), await openNode()] : [];
      const seen = new Map<string, number>();
      for (const each of [node, ...others]) {
        each.store.observe((event) => {
          if (event.tenant !== tenant || event.type !== 'expired') return;
          seen.set(event.holder, (seen.get(event.holder) ?? 0) + 1);
        });
      }
      const holders = Array.from({ length: 1_200 }, (_, at) => `h${at}`);
      await watch(...Array.from({ length: 7 }, (_, at) => `g${at}`));
      await Promise.all(holders.map((holder, at) => beat({ holder, group: `g${at % 7}`, ttlMs: 1_000 })));
      await advanceUnswept(1_000);
      const partition = node.driver.partitionOf(tenant);
      const direct = (
        await Promise.all(
          [node, ...others, node].map(({ driver }) => driver.sweep(partition, 'another owner', 300)),
        )
      ).flatMap(({ expired }) => expired);
      for (const { holder } of direct) seen.set(holder, (seen.get(holder) ?? 0) + 1);
      await sweepAgain();
      await store.advanceClock(0);
      // A sweep of another node may still be running: its observers are called when it is done.
      await expect.poll(() => seen.size).toBe(holders.length);
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
      for (let group = 0; group < 7; group += 1) {
        const types = (await events(`g${group}`)).map(({ type }) => type);
        expect(types.filter((type) => type === 'expired')).toHaveLength(types.length / 2);
      }
    });

    it('does not expire a lease that was renewed in the meantime', async () => {
      await beat({ ttlMs: 1_000 });
      await store.advanceClock(900);
      await beat({ ttlMs: 1_000 });
      expect((await store.advanceClock(900)).filter((event) => event.tenant === tenant)).toEqual([]);
      expect(await members()).toEqual(['ann']);
    });
  });

  describe('observers', () => {
    it('are called with every event of their node', async () => {
      const heard: string[] = [];
      const stop = store.observe((event) => {
        if (event.tenant === tenant)
          heard.push(`${event.type} ${event.group} ${event.holder} ${event.count}`);
      });
      await beat({ data: '1' });
      await beat({ data: '2' });
      await store.setData({ tenant, group: 'g', holder: 'ann', data: '3' });
      await beat({ holder: 'bob' });
      await store.release({ tenant, holder: 'bob' });
      await store.advanceClock(1_000);
      stop();
      await beat();
      expect(heard).toEqual([
        'granted g ann 1',
        'changed g ann 1',
        'changed g ann 1',
        'granted g bob 2',
        'released g bob 1',
        'expired g ann 0',
      ]);
    });
  });

  describe('documents', () => {
    const write = (value: string | null, version?: number, change: { key?: string; ttlMs?: number } = {}) =>
      store.commit({
        tenant,
        writes: [
          { collection: 'c', key: 'k', value, ...(version === undefined ? {} : { version }), ...change },
        ],
      });
    const read = async (key = 'k') =>
      (await store.readDocuments({ tenant, documents: [{ collection: 'c', key }] }))[0];

    it('a write with a stale version changes nothing and reports it', async () => {
      const first = await write('1', 0);
      expect(first.committed).toBe(true);
      expect(await write('2', 0)).toMatchObject({ committed: false });
      const second = await write('2', first.versions[0]);
      expect(second.committed).toBe(true);
      expect(await write('3', first.versions[0])).toMatchObject({ committed: false });
      expect(await read()).toEqual({ key: 'k', version: second.versions[0], value: '2' });
    });

    it('all writes of a commit happen, or none', async () => {
      await write('1');
      const result = await store.commit({
        tenant,
        writes: [
          { collection: 'c', key: 'new', value: 'x' },
          { collection: 'c', key: 'k', value: 'y', version: 1 },
        ],
        appends: [{ topic: 't', payload: Buffer.from('z'), keepEntries: 10 }],
      });
      expect(result).toEqual({ committed: false, versions: [], positions: [] });
      expect(await read('new')).toBeNull();
      expect(await read()).toMatchObject({ value: '1' });
      expect(await store.topicBounds({ tenant, topics: ['t'] })).toEqual([
        { oldest: 0n, newest: 0n, entries: 0 },
      ]);
    });

    it('guards are checked like versions', async () => {
      const { versions } = await write('1');
      const guards = [{ collection: 'c', key: 'k', version: versions[0] ?? 0 }];
      expect(
        await store.commit({ tenant, guards, writes: [{ collection: 'd', key: 'x', value: '1' }] }),
      ).toMatchObject({ committed: true });
      await write('2');
      expect(
        await store.commit({ tenant, guards, writes: [{ collection: 'd', key: 'x', value: '2' }] }),
      ).toMatchObject({ committed: false });
    });

    it('a version is never used again, also not after deletion', async () => {
      const first = (await write('1')).versions[0];
      expect((await write(null)).versions).toEqual([0]);
      expect(await read()).toBeNull();
      const again = (await write('1', 0)).versions[0];
      expect(again).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
      expect(await write('2', first)).toMatchObject({ committed: false });
    });

    it('with a deadline are deleted exactly then', async () => {
      await write('1', 0, { ttlMs: 1_000 });
      await write('1', 0, { key: 'stays' });
      await store.advanceClock(999);
      expect(await read()).toMatchObject({ value: '1' });
      await advanceUnswept(1);
      expect(await read()).toBeNull();
      expect((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key)).toEqual([
        'stays',
      ]);
      expect(await write('2', 0)).toMatchObject({ committed: true });
      await sweepAgain();
      await store.advanceClock(5_000);
      expect(await read()).toMatchObject({ value: '2' });
    });

    it('of a collection are listed by key', async () => {
      for (const key of ['b', 'c', 'a']) await write(key, 0, { key });
      expect(
        (await store.listDocuments({ tenant, collection: 'c' })).map(({ key, value }) => key + value),
      ).toEqual(['aa', 'bb', 'cc']);
      expect(await store.listDocuments({ tenant, collection: 'none' })).toEqual([]);
    });

    it('of two writers with the same version only one wins', async () => {
      const { versions } = await write('0');
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) => write(String(at), versions[0])),
      );
      expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    });
  });

  describe('topics', () => {
    const append = async (
      topic: string,
      text: string,
      change: { keepEntries?: number; keepBytes?: number; idleMs?: number; after?: bigint } = {},
    ) => {
      const payload = Buffer.from(text);
      const { positions } = await store.commit({
        tenant,
        appends: [{ topic, payload, keepEntries: 100, ...change }],
      });
      return positions[0] ?? 0n;
    };
    const read = async (topics: Record<string, bigint>, limit = 100) =>
      (
        await store.readTopics({
          tenant,
          topics: Object.entries(topics).map(([topic, after]) => ({ topic, after })),
          limit,
        })
      ).map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`);

    it('hold entries in the order of strictly increasing 17-digit timetokens, over all topics of the tenant', async () => {
      const tokens: bigint[] = [];
      for (let at = 0; at < 10; at += 1) tokens.push(await append(at % 2 === 0 ? 'even' : 'odd', String(at)));
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => (a < b ? -1 : 1)));
      expect(tokens.every((token) => String(token).length === 17)).toBe(true);
      expect(await read({ even: 0n, odd: 0n })).toEqual(
        tokens.map((_, at) => `${at % 2 === 0 ? 'even' : 'odd'} ${at}`),
      );
      expect(await read({ even: tokens[4] ?? 0n, odd: tokens[4] ?? 0n }, 3)).toEqual([
        'odd 5',
        'even 6',
        'odd 7',
      ]);
    });

    it('are read from any position, also one that no entry can have', async () => {
      await append('t', 'x');
      const reads = [-1n, 10n ** 20n - 1n, 0n].map((after) => read({ t: after }));
      expect(await Promise.all(reads)).toEqual([['t x'], [], ['t x']]);
    });

    it('share their timetokens with lease events and with now', async () => {
      const before = (await store.now({ tenant })).timetoken;
      await beat();
      const middle = (await store.now({ tenant })).timetoken;
      const appended = await append('t', 'x');
      const [event] = await store.readTopics({
        tenant,
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
        limit: 1,
      });
      const order = [before, event?.position ?? 0n, appended];
      expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(order).size).toBe(3);
      expect(middle >= (event?.position ?? 0n) && middle < appended).toBe(true);
    });

    it('give each of many events of one step a position of its own, from which a reader can continue', async () => {
      const holders = Array.from({ length: 40 }, (_, at) => `holder ${at}`);
      await Promise.all(holders.map((holder) => beat({ holder })));
      await store.advanceClock(1_000);
      const topic = leaseEventsTopic('g');
      const all = await store.readTopics({ tenant, topics: [{ topic, after: 0n }], limit: 1_000 });
      expect(all).toHaveLength(80);
      expect(new Set(all.map(({ position }) => position)).size).toBe(80);
      for (const [at, { position }] of all.entries()) {
        const rest = await store.readTopics({ tenant, topics: [{ topic, after: position }], limit: 5 });
        expect(rest).toEqual(all.slice(at + 1, at + 6));
      }
      const [bounds] = await store.topicBounds({ tenant, topics: [topic] });
      expect(bounds).toMatchObject({ oldest: all[0]?.position, newest: all.at(-1)?.position });
    });

    it('may be dense: the first entry follows the origin, each next one the newest', async () => {
      const origin = 1_447_329_401_000_000_000n;
      for (let at = 1n; at <= 5n; at += 1n)
        expect(await append('log', `${at}`, { after: origin, keepEntries: 3 })).toBe(origin + at);
      expect(await read({ log: 0n })).toEqual(['log 3', 'log 4', 'log 5']);
      expect(await store.topicBounds({ tenant, topics: ['log'] })).toEqual([
        { oldest: origin + 3n, newest: origin + 5n, entries: 3 },
      ]);
    });

    it('may hold the same entry at the same position', async () => {
      const { positions } = await store.commit({
        tenant,
        appends: [
          { topic: 'a', also: ['b', 'c'], payload: Buffer.from('x'), keepEntries: 10 },
          { topic: 'a', payload: Buffer.from('y'), keepEntries: 10 },
        ],
      });
      expect(positions).toHaveLength(2);
      expect(await read({ a: 0n, b: 0n, c: 0n })).toEqual(['a x', 'b x', 'c x', 'a y']);
      const bounds = await store.topicBounds({ tenant, topics: ['b', 'c'] });
      expect(bounds.map(({ newest }) => newest)).toEqual([positions[0], positions[0]]);
    });

    it('keep the newest entries that fit into the maximum size, and the newest one in any case', async () => {
      const keeping = { after: 0n, keepBytes: 10 };
      for (const text of ['aaaa', 'bbbb', 'cc']) await append('log', text, keeping);
      expect(await read({ log: 0n })).toEqual(['log aaaa', 'log bbbb', 'log cc']);
      await append('log', 'd', keeping);
      expect(await read({ log: 0n })).toEqual(['log bbbb', 'log cc', 'log d']);
      await append('log', 'e'.repeat(20), keeping);
      expect(await read({ log: 0n })).toEqual([`log ${'e'.repeat(20)}`]);
      await append('log', 'f', keeping);
      await append('log', 'g', { ...keeping, keepEntries: 1 });
      expect(await read({ log: 0n })).toEqual(['log g']);
      for (const text of ['hhhh', 'iiii', 'j']) await append('log', text, keeping);
      expect(await store.topicBounds({ tenant, topics: ['log'] })).toEqual([
        { oldest: 7n, newest: 10n, entries: 4 },
      ]);
    });

    it('are read up to a maximum size, and by at least one entry', async () => {
      for (let at = 0; at < 40; at += 1) await append('log', String(at % 10).repeat(at < 20 ? 10 : 3));
      const lengths = async (maxBytes: number, limit = 100) => {
        const found = await store.readTopics({
          tenant,
          topics: [{ topic: 'log', after: 0n }],
          limit,
          maxBytes,
        });
        return found.map(({ payload }) => payload.length);
      };
      expect(await lengths(5)).toEqual([10]);
      expect(await lengths(25)).toEqual([10, 10]);
      expect(await lengths(206)).toEqual([...Array(20).fill(10), 3, 3]);
      expect(await lengths(10_000)).toHaveLength(40);
      expect(await lengths(10_000, 33)).toHaveLength(33);
    });

    it('are read together in order of position, up to a maximum size of all of them', async () => {
      const names = Array.from({ length: 9 }, (_, at) => `t${at}`);
      const expected: string[] = [];
      for (let at = 0; at < 200; at += 1) {
        const topic = names[(at * at + (at >> 4)) % 9] ?? '';
        await append(topic, 'x'.repeat(1 + (at % 7)), { keepEntries: 500 });
        expected.push(`${topic} ${1 + (at % 7)}`);
      }
      const readFrom = async (after: bigint, maxBytes: number, limit: number) => {
        const topics = names.map((topic) => ({ topic, after }));
        const found = await store.readTopics({ tenant, topics, limit, maxBytes });
        expect(found.length).toBeLessThanOrEqual(limit);
        if (found.length > 1)
          expect(found.reduce((bytes, { payload }) => bytes + payload.length, 0)).toBeLessThanOrEqual(
            maxBytes,
          );
        return found;
      };
      for (const [maxBytes, limit] of [
        [1, 50],
        [30, 50],
        [10_000, 7],
        [10_000, 500],
      ] as const) {
        const read: string[] = [];
        for (let after: bigint | undefined = 0n; after !== undefined; ) {
          const found: Awaited<ReturnType<typeof readFrom>> = await readFrom(after, maxBytes, limit);
          read.push(...found.map(({ topic, payload }) => `${topic} ${payload.length}`));
          after = found.at(-1)?.position;
        }
        expect(read).toEqual(expected);
      }
    });

    it('are read by many commands at once, also if each is large', async () => {
      const payload = Buffer.alloc(100_000, 'x');
      for (let at = 0; at < 12; at += 1)
        await store.commit({ tenant, appends: [{ topic: `l${at % 4}`, payload, keepEntries: 10 }] });
      const reads = Array.from({ length: 40 }, (_, at) =>
        store.readTopics({ tenant, topics: [{ topic: `l${at % 4}`, after: 0n }], limit: 10 + at }),
      );
      for (const found of await Promise.all(reads))
        expect(found.map((one) => one.payload.length)).toEqual([100_000, 100_000, 100_000]);
    });

    it('keep bytes unchanged', async () => {
      const payload = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.commit({ tenant, appends: [{ topic: 't', payload, keepEntries: 10 }] });
      const [entry] = await store.readTopics({ tenant, topics: [{ topic: 't', after: 0n }], limit: 1 });
      expect(Buffer.from(entry?.payload ?? []).equals(Buffer.from(payload))).toBe(true);
    });

    it('are deleted when they were idle for their time, and not before', async () => {
      await append('t', 'x', { idleMs: 1_000 });
      await store.advanceClock(999);
      await append('t', 'y', { idleMs: 1_000 });
      await store.advanceClock(999);
      expect(await read({ t: 0n })).toEqual(['t x', 't y']);
      await store.advanceClock(1);
      expect(await read({ t: 0n })).toEqual([]);
      expect((await store.tenants()).some((size) => size.tenant === tenant)).toBe(false);
    });
  });

  describe('wait', () => {
    const until = (
      topics: Record<string, bigint>,
      change: { timeoutMs?: number; signal?: AbortSignal; of?: Store } = {},
    ) => {
      const { timeoutMs = 20_000, signal, of = store } = change;
      return of.wait({
        tenant,
        topics: Object.entries(topics).map(([topic, after]) => ({ topic, after })),
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    };

    it('ends at once if there is an entry already', async () => {
      await beat();
      expect(await until({ [leaseEventsTopic('g')]: 0n })).toBe(true);
    });

    it('ends when an entry is appended on any node, and for the requested topics only', async () => {
      const other = traits.shared ? (await openNode()).store : store;
      const waiting = until({ a: 0n, [leaseEventsTopic('g')]: 0n });
      const bystander = new AbortController();
      const elsewhere = until({ b: 0n }, { signal: bystander.signal });
      await other.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs: 1_000, grant: true });
      expect(await waiting).toBe(true);
      bystander.abort();
      expect(await elsewhere).toBe(false);
    });

    it('ends when an expiry is recorded', async () => {
      await beat();
      const [granted] = await store.readTopics({
        tenant,
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
        limit: 1,
      });
      const waiting = until({ [leaseEventsTopic('g')]: granted?.position ?? 0n });
      await store.advanceClock(1_000);
      expect(await waiting).toBe(true);
    });

    it('ends with false after its timeout, and when the store closes', async () => {
      expect(await until({ t: 0n }, { timeoutMs: 1 })).toBe(false);
      const other = (traits.shared ? await openNode() : node).store;
      const waiting = until({ t: 0n }, { of: other });
      await other.now({ tenant });
      await other.close();
      expect(await waiting).toBe(false);
    });
  });

  describe('nothing grows without bound', () => {
    it('event topics keep the newest entries only', async () => {
      for (let at = 0; at < 520; at += 1) {
        await beat({ ttlMs: 60_000 });
        await store.release({ tenant, holder: 'ann' });
      }
      const [bounds] = await store.topicBounds({ tenant, topics: [leaseEventsTopic('g')] });
      expect(bounds?.entries).toBeLessThanOrEqual(1_000);
      expect(bounds?.entries).toBeGreaterThanOrEqual(900);
    });

    it('a tenant of which everything has expired is not listed', async () => {
      await watch('g0', 'g1', 'g2', 'g3');
      for (let at = 0; at < 30; at += 1) await beat({ holder: `h${at}`, group: `g${at % 4}` });
      await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: '1', ttlMs: 2_000 }] });
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toMatchObject({
        tenant,
        leases: 30,
        documents: 1,
        topics: 4,
      });
      await store.advanceClock(24 * 3_600_000);
      // The expiries just recorded can still be read for a while.
      await store.advanceClock(24 * 3_600_000);
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toBeUndefined();
    });

    it('a tenant that is dropped leaves nothing, without events', async () => {
      await beat({ group: 'a' });
      await beat({ group: 'b', holder: 'bob' });
      await store.commit({
        tenant,
        writes: [{ collection: 'c', key: 'k', value: '1' }],
        appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }],
      });
      await store.drop({ tenant });
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toBeUndefined();
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual([]);
      expect((await store.advanceClock(100_000)).filter((event) => event.tenant === tenant)).toEqual([]);
      const [again] = (await beat({ group: 'a' })).leases;
      expect(again?.state).toBe('granted');
      expect(await steps('a')).toEqual(['granted ann 1']);
    });
  });

  describe('the lease clock', () => {
    it('stands still while frozen, advances by exactly what is requested, and never goes back', async () => {
      const { leaseMs: before, wallMs } = await store.now({ tenant });
      await expect
        .poll(async () => (await store.now({ tenant })).wallMs, { interval: 1 })
        .toBeGreaterThan(wallMs + 5);
      expect((await store.now({ tenant })).leaseMs).toBe(before);
      await store.advanceClock(1_800_000);
      expect((await store.now({ tenant })).leaseMs).toBe(before + 1_800_000);
      await expect(store.advanceClock(-1)).rejects.toThrow();
      await store.thawClock();
      expect((await store.now({ tenant })).leaseMs).toBeGreaterThanOrEqual(before + 1_800_000);
      expect(await store.readClock()).toMatchObject({ frozen: false });
      await store.freezeClock();
      expect(await store.readClock()).toMatchObject({ frozen: true });
    });
  });

  it('runs thousands of commands of one turn, each with its own result', async () => {
    const holders = Array.from({ length: 3_000 }, (_, at) => `h${at}`);
    const results = await Promise.all(
      holders.map((holder, at) =>
        store.beat({ tenant, holder, groups: [{ group: `g${at % 10}` }], ttlMs: 60_000, grant: true }),
      ),
    );
    expect(
      results.every(({ leases }, at) => leases[0]?.group === `g${at % 10}` && leases[0].state === 'granted'),
    ).toBe(true);
    const reads = await Promise.all(
      holders.map((holder, at) => store.read({ tenant, group: `g${at % 10}`, holder })),
    );
    expect(reads.map((lease) => lease?.holder)).toEqual(holders);
  });

  if (traits.survivesKill)
    it('leases, documents, topics and watches survive a kill, and a lease keeps its remaining time', async () => {
      await beat({ ttlMs: 60_000, data: '{"a":1}' });
      await beat({ ttlMs: 60_000, group: 'other' });
      await store.advanceClock(10_000);
      await beat({ ttlMs: 60_000 });
      await store.advanceClock(20_000);
      await store.commit({
        tenant,
        writes: [
          { collection: 'c', key: 'k', value: '1' },
          { collection: 'c', key: 'due', value: '1', ttlMs: 50_000 },
        ],
        appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }],
      });
      const [before] = (await beat({ group: 'other', ttlMs: 45_000 })).leases;
      await backend.restart?.();
      node = await openNode();
      store = node.store;
      const lease = await store.read({ tenant, group: 'g', holder: 'ann' });
      expect(lease?.data).toBe('{"a":1}');
      expect(lease?.remainingMs).toBeGreaterThanOrEqual(40_000);
      expect(lease?.remainingMs).toBeLessThanOrEqual(40_000 + (traits.slackMs ?? 0));
      expect(await store.groupsOf({ tenant, holder: 'ann' })).toEqual(['g', 'other']);
      expect(await steps()).toEqual(['granted ann 1']);
      await beat({ holder: 'bob' });
      await store.release({ tenant, holder: 'bob' });
      expect(await steps()).toEqual(['granted ann 1', 'granted bob 2', 'released bob 1']);
      expect((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key)).toEqual([
        'due',
        'k',
      ]);
      expect(await store.topicBounds({ tenant, topics: ['t'] })).toMatchObject([{ entries: 1 }]);
      const [after] = (await beat({ group: 'other', holder: 'bob', ttlMs: 100_000 })).leases;
      expect(after?.epoch).toBeGreaterThan(before?.epoch ?? Number.POSITIVE_INFINITY);
      const fired = (await store.advanceClock(45_000)).filter((event) => event.tenant === tenant);
      expect(fired.map(({ group, holder }) => `${group} ${holder}`).sort()).toEqual(['g ann', 'other ann']);
      expect((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key)).toEqual([
        'due',
        'k',
      ]);
      await store.advanceClock(5_000);
      expect((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key)).toEqual(['k']);
    });
}
