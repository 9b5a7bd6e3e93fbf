/** When expiries are recorded, by which node, and what observers are called with. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store, TenantEvent } from '../../../src/store/store.ts';
import type { BackendTraits, Node } from '../backend.ts';
import type { StoreFixture } from './fixture.ts';

export function storeSweeps(fixture: StoreFixture, traits: BackendTraits): void {
  const { openNode, beat, watch, events, steps, members, advanceUnswept, sweepAgain } = fixture;
  let node: Node;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ node, store, tenant } = fixture);
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
      ).flatMap(({ expired }) => expired.flatMap(({ holders }) => holders));
      for (const holder of direct) seen.set(holder, (seen.get(holder) ?? 0) + 1);
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
}
