/** What ends or is forgotten, so that nothing grows, and many commands at once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { leaseEventsTopic, type Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeBounds(fixture: StoreFixture): void {
  const { beat, watch, steps } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
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
}
