/** What a beat renews, grants, changes and refuses. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { maxGroupsPerHolder } from '../../../src/store/limits.ts';
import { type Store, TooManyGroups } from '../../../src/store/store.ts';
import type { Node } from '../backend.ts';
import type { StoreFixture } from './fixture.ts';

export function storeBeats(fixture: StoreFixture): void {
  const { beat, events, steps, members, advanceUnswept } = fixture;
  let node: Node;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ node, store, tenant } = fixture);
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
}
