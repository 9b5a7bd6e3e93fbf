/** What every driver must keep of the tenants' clocks: one suite, called by a few lines per driver. */
import { beforeEach, describe, expect, it } from 'vitest';
import { leaseEventsTopic, type Store } from '../../src/store/store.ts';
import type { Backend, BackendTraits } from './backend.ts';
import { type ClockFixture, clockFixture, hourMs } from './clock/fixture.ts';
import { clockSteps } from './clock/steps.ts';

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function clockContract(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('clocks of tenants', () => {
    const fixture = clockFixture(traits, open);
    testClocks(fixture, traits);
    clockSteps(fixture, traits);
  });
}

function testClocks(fixture: ClockFixture, traits: BackendTraits): void {
  const { restart, grant, remaining, events } = fixture;
  let store: Store;
  let elsewhere: Store;
  let moved: string;
  let other: string;
  beforeEach(() => {
    ({ store, elsewhere, moved, other } = fixture);
  });

  describe('the clock of one tenant', () => {
    it('moves what is due of it and nothing of others, whatever the names', async () => {
      const names = ['*', '[a-z]', 'x', 'x*', '?', '\\^', 'x]'].map((end) => `${moved}${end}`);
      for (const tenant of names) await grant(tenant, hourMs);
      for (const tenant of names.slice(0, -2)) {
        await store.advanceClock(hourMs / 2, tenant);
        expect(await remaining(tenant)).toBe(hourMs / 2);
        expect(await store.advanceClock(hourMs / 2, tenant)).toMatchObject([{ tenant, type: 'expired' }]);
      }
      for (const tenant of names.slice(-2)) expect(await remaining(tenant)).toBe(hourMs);
    });

    it('is moved without moving that of any other', async () => {
      for (const tenant of [moved, other]) await grant(tenant, 2 * hourMs);
      expect(await store.advanceClock(hourMs, moved)).toEqual([]);
      expect(await remaining(moved)).toBe(hourMs);
      expect(await remaining(other)).toBe(2 * hourMs);
      expect(await store.advanceClock(hourMs, moved)).toMatchObject([
        { tenant: moved, holder: 'ann', type: 'expired', lateMs: 0 },
      ]);
      expect(await remaining(other)).toBe(2 * hourMs);
      const [own, common] = [await elsewhere.readClock(moved), await elsewhere.readClock(other)];
      expect(own.leaseMs - common.leaseMs).toBe(2 * hourMs);
      expect(own).toMatchObject({ offsetMs: 2 * hourMs, frozen: true });
      expect(common).toMatchObject({ offsetMs: 0, frozen: true });
    });

    it('stands while it is frozen, whatever the others do, and continues from there', async () => {
      for (const tenant of [moved, other]) await grant(tenant, 2_000);
      await store.freezeClock(moved);
      expect((await store.advanceClock(1_999)).length).toBe(0);
      expect([await remaining(moved), await remaining(other)]).toEqual([2_000, 1]);
      const fired = await store.advanceClock(hourMs);
      expect(fired.filter(({ tenant }) => tenant === moved || tenant === other)).toMatchObject([
        { tenant: other },
      ]);
      await elsewhere.thawClock(moved);
      expect(await remaining(moved)).toBe(2_000);
      await store.advanceClock(1_500);
      expect(await remaining(moved)).toBe(500);
      expect((await store.readClock(moved)).offsetMs).toBe(-hourMs - 1_999);
      expect(await store.advanceClock(500, moved)).toMatchObject([{ tenant: moved }]);
    });

    it('runs with wall time while only another one is frozen', async () => {
      await store.thawClock();
      await store.freezeClock(moved);
      const expired = new Promise<string>((resolve) => {
        store.observe(({ type, tenant }) => {
          if (type === 'expired' && [moved, other].includes(tenant)) resolve(tenant);
        });
      });
      await grant(moved, 20);
      await grant(other, 40);
      expect(await expired).toBe(other);
      expect(await remaining(moved)).toBe(20);
    });

    it('sweeps by itself what falls due on it while it runs ahead', async () => {
      await store.thawClock();
      await store.advanceClock(hourMs, moved);
      const expired = new Promise<number>((resolve) => {
        store.observe(({ type, tenant, lateMs }) => {
          if (type === 'expired' && tenant === moved) resolve(lateMs);
        });
      });
      await grant(moved, 30);
      expect(await expired).toBeLessThan(hourMs);
    });

    it('rules deadlines of documents, and how long idle topics are kept', async () => {
      for (const tenant of [moved, other])
        await store.commit({
          tenant,
          writes: [{ collection: 'c', key: 'k', value: '1', ttlMs: hourMs }],
          appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5, idleMs: hourMs }],
        });
      await store.advanceClock(hourMs, moved);
      const left = async (tenant: string): Promise<unknown> => [
        await elsewhere.listDocuments({ tenant, collection: 'c' }),
        await elsewhere.readTopics({ tenant, topics: [{ topic: 't', after: 0n }], limit: 9 }),
        (await elsewhere.tenants()).filter((size) => size.tenant === tenant),
      ];
      expect(await left(moved)).toEqual([[], [], []]);
      expect(await left(other)).toMatchObject([
        [{ key: 'k' }],
        [{ topic: 't' }],
        [{ documents: 1, topics: 1 }],
      ]);
    });

    it('is what dates of events and timetokens show', async () => {
      const { dateMs, wallMs } = await store.now({ tenant: moved });
      await store.advanceClock(hourMs, moved);
      await grant(moved, 1_000);
      await grant(other, 1_000);
      const [own] = await events(moved);
      const [common] = await events(other);
      expect(own?.atMs).toBe(dateMs + hourMs);
      expect(common?.atMs).toBe(dateMs);
      const { timetoken } = await elsewhere.now({ tenant: moved });
      expect(Number(timetoken / 10_000n) - dateMs - hourMs).toBeLessThan(1_000);
      const [entry] = await store.readTopics({
        ...{ tenant: moved, limit: 1 },
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
      });
      expect(entry?.position).toBeLessThanOrEqual(timetoken);
      expect(Math.abs(Number((entry?.position ?? 0n) / 10_000n) - dateMs - hourMs)).toBeLessThan(1_000);
      expect(wallMs).toBeGreaterThan(0);
    });

    it('follows the common clock again on request, with timetokens that never go back', async () => {
      await store.advanceClock(hourMs, moved);
      await store.freezeClock(moved);
      await grant(moved, 1_000);
      await elsewhere.followClock(moved);
      const { leaseMs } = await store.readClock(other);
      expect(await store.readClock(moved)).toMatchObject({ offsetMs: 0, leaseMs });
      expect(await remaining(moved)).toBe(hourMs + 1_000);
      await grant(moved, 1_000, 'bob');
      const positions = await store.readTopics({
        ...{ tenant: moved, limit: 9 },
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
      });
      expect(positions).toHaveLength(2);
      expect(await store.advanceClock(hourMs + 1_000, moved)).toHaveLength(2);
    });

    it('of a tenant that is dropped and follows again leaves nothing', async () => {
      await grant(moved, 1_000);
      await store.freezeClock(moved);
      await store.drop({ tenant: moved });
      await store.followClock(moved);
      const { driver } = fixture.node;
      await driver.sweep(driver.partitionOf(moved), 'another owner', 10);
      expect(await store.readClock(moved)).toMatchObject({ offsetMs: 0 });
      expect((await store.advanceClock(hourMs)).filter(({ tenant }) => tenant === moved)).toEqual([]);
    });

    it('goes neither back nor beyond the last date', async () => {
      await expect(store.advanceClock(-1, moved)).rejects.toThrow(RangeError);
      await expect(store.advanceClock(200 * 365 * 24 * hourMs, moved)).rejects.toThrow('beyond 2200');
      await expect(store.advanceClock(200 * 365 * 24 * hourMs)).rejects.toThrow('beyond 2200');
      expect((await store.readClock(moved)).offsetMs).toBe(0);
    });
  });

  if (traits.survivesKill)
    it('own clocks survive a kill: offset, freeze and timetokens', async () => {
      await store.advanceClock(hourMs, moved);
      await grant(moved, 10_000);
      await store.freezeClock(other);
      await store.advanceClock(500, other);
      await grant(other, 10_000);
      const { timetoken } = await store.now({ tenant: other });
      await grant(other, 10_000, 'bob');
      await restart();
      ({ store, elsewhere } = fixture);
      await expect.poll(() => remaining(moved)).toBe(10_000);
      expect(await remaining(other)).toBe(10_000);
      expect(await store.readClock(moved)).toMatchObject({ offsetMs: hourMs });
      await store.advanceClock(2_000);
      expect(await remaining(moved)).toBe(8_000);
      expect(await remaining(other)).toBe(10_000);
      expect((await store.now({ tenant: other })).timetoken).toBeGreaterThan(timetoken);
    });
}
