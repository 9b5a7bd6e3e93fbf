/** An advance in steps, from deadline to deadline. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { BackendTraits } from '../backend.ts';
import type { ClockFixture } from './fixture.ts';

export function clockSteps(fixture: ClockFixture, traits: BackendTraits): void {
  const { watch, grant, remaining, events } = fixture;
  let store: Store;
  let elsewhere: Store;
  let moved: string;
  let other: string;
  beforeEach(() => {
    ({ store, elsewhere, moved, other } = fixture);
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

  it('advances of several tenants at once, on all nodes, each return all that expired', async () => {
    const tenants = Array.from({ length: 4 }, () => `steps/${randomUUID()}`);
    for (let round = 0; round < 10; round += 1) {
      const expired = await Promise.all(
        tenants.map(async (tenant, at) => {
          const node = at % 2 === 0 ? store : elsewhere;
          await node.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs: 100, grant: true });
          return node.advanceClock(100, tenant);
        }),
      );
      expect(expired).toMatchObject(tenants.map((tenant) => [{ tenant, type: 'expired', holder: 'ann' }]));
    }
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
}
