/** What a beat returns of each lease. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Beat, Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeBeatReplies(fixture: StoreFixture): void {
  const { beat } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
  });

  describe('beat', () => {
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
  });
}
