/** What every driver must keep of the tenants' clocks: one suite, called by a few lines per driver. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LeaseEvent, leaseEventsTopic, type Store } from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

const hourMs = 3_600_000;

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function clockContract(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('clocks of tenants', () => testClocks(traits, open));
}

function testClocks(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  let store: Store;
  /** Of another node, where the backend is shared. */
  let elsewhere: Store;
  let nodes: Node[];
  /** Two tenants of one partition. */
  let moved: string;
  let other: string;

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    nodes = [await backend.node()];
    if (traits.shared) nodes.push(await backend.node());
    [store, elsewhere] = [nodes[0], nodes.at(-1)].map((node) => node?.store) as [Store, Store];
    [moved, other] = twoTenants();
    await store.freezeClock();
    for (const tenant of [moved, other]) await watch(tenant, 'g');
  });
  afterEach(async () => {
    for (const node of nodes) await node.store.close();
  });

  /** Two tenants that share a partition. */
  const twoTenants = (): [string, string] => {
    const partitionOf = (tenant: string) => nodes[0]?.driver.partitionOf(tenant);
    const one = `clock/${randomUUID()}`;
    for (;;) {
      const another = `clock/${randomUUID()}`;
      if (partitionOf(another) === partitionOf(one)) return [one, another];
    }
  };
  const watch = (tenant: string, ...groups: readonly string[]) =>
    store.watchEvents({ tenant, groups, prefixes: [], forMs: 1_000 * hourMs });
  const grant = (tenant: string, ttlMs: number, holder = 'ann', of = store) =>
    of.beat({ tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true });
  const remaining = async (tenant: string, of = elsewhere): Promise<number | undefined> =>
    (await of.read({ tenant, group: 'g', holder: 'ann' }))?.remainingMs;
  const events = async (tenant: string, group = 'g'): Promise<LeaseEvent[]> => {
    const topics = [{ topic: leaseEventsTopic(group), after: 0n }];
    return (await elsewhere.readTopics({ tenant, topics, limit: 10_000 })).map(
      ({ payload }) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent,
    );
  };

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
      const [one] = nodes;
      const partition = one?.driver.partitionOf(moved) ?? 0;
      await one?.driver.sweep(partition, 'another owner', 10);
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

  it('one advance of n, step by step, equals n advances of 1, in events and in state', async () => {
    const act = fc.record({
      holder: fc.constantFrom('ann', 'bob', 'cid'),
      group: fc.constantFrom('g', 'h'),
      ttlMs: fc.integer({ min: 1, max: 12 }),
      documentMs: fc.integer({ min: 1, max: 12 }),
    });
    const round = fc.record({
      acts: fc.array(act, { maxLength: 4 }),
      advanceMs: fc.integer({ min: 1, max: 10 }),
    });
    /** Advances by n, from deadline to deadline, on any node. */
    const inSteps = async (tenant: string, advanceMs: number): Promise<void> => {
      for (let left = advanceMs; left > 0; ) {
        const of = left % 2 === 0 ? store : elsewhere;
        left -= (await of.stepClock({ tenant }, { advanceMs: left, toNext: true })).clock.advancedMs;
      }
    };
    const byOnes = async (tenant: string, advanceMs: number): Promise<void> => {
      for (let done = 0; done < advanceMs; done += 1)
        await (done % 2 === 0 ? store : elsewhere).advanceClock(1, tenant);
    };
    const outcome = async (tenant: string, startMs: number): Promise<unknown> => ({
      events: (await Promise.all(['g', 'h'].map((group) => events(tenant, group)))).map((ofGroup) =>
        ofGroup.map(({ epoch, revision, atMs, ...rest }) => ({ ...rest, at: atMs - startMs })),
      ),
      members: await Promise.all(
        ['g', 'h'].map(async (group) =>
          (await elsewhere.members({ tenant, group, offset: 0, limit: 9 })).leases.map(
            ({ epoch, ...lease }) => lease,
          ),
        ),
      ),
      documents: (await elsewhere.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
        const outcomes = await Promise.all(
          [inSteps, byOnes].map(async (advance) => {
            const tenant = `steps/${randomUUID()}`;
            const { dateMs } = await store.now({ tenant });
            await watch(tenant, 'g', 'h');
            for (const { acts, advanceMs } of rounds) {
              for (const { holder, group, ttlMs, documentMs } of acts) {
                await store.beat({ tenant, holder, groups: [{ group }], ttlMs, grant: true });
                const write = { collection: 'c', key: `${holder}${group}`, value: '1', ttlMs: documentMs };
                await store.commit({ tenant, writes: [write] });
              }
              await advance(tenant, advanceMs);
            }
            return outcome(tenant, dateMs);
          }),
        );
        expect(outcomes[0]).toEqual(outcomes[1]);
      }),
      { numRuns: traits.shared ? 25 : 100 },
    );
  });

  it('a step stops where something may be due, and where the advance ends', async () => {
    await grant(moved, 300);
    await grant(moved, 500, 'bob');
    await grant(other, 100);
    const steps = [];
    for (let left = 1_000; left > 0; ) {
      const { clock, expired } = await store.stepClock({ tenant: moved }, { advanceMs: left, toNext: true });
      left -= clock.advancedMs;
      steps.push([clock.advancedMs, ...expired.map(({ holder, lateMs }) => `${holder} ${lateMs}`)]);
    }
    // The topic of the events has a deadline as well, which is far away.
    expect(steps).toEqual([[300, 'ann 0'], [200, 'bob 0'], [500]]);
    expect(await remaining(other)).toBe(100);
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
      await backend.restart?.();
      const node = await backend.node();
      nodes.push(node);
      store = node.store;
      elsewhere = store;
      await expect.poll(() => remaining(moved)).toBe(10_000);
      expect(await remaining(other)).toBe(10_000);
      expect(await store.readClock(moved)).toMatchObject({ offsetMs: hourMs });
      await store.advanceClock(2_000);
      expect(await remaining(moved)).toBe(8_000);
      expect(await remaining(other)).toBe(10_000);
      expect((await store.now({ tenant: other })).timetoken).toBeGreaterThan(timetoken);
    });
}
