/** A lease is live until its deadline; what an expiry, a renewal and a new grant record. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeLifetimes(fixture: StoreFixture): void {
  const { beat, events, steps, members, advanceUnswept } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
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
}
