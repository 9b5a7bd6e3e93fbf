/** What is there after a kill of the process or server that holds the data. */
import { beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { BackendTraits } from '../backend.ts';
import type { StoreFixture } from './fixture.ts';

export function storeRestarts(fixture: StoreFixture, traits: BackendTraits): void {
  const { restart, beat, steps } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
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
      await restart();
      ({ store } = fixture);
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
