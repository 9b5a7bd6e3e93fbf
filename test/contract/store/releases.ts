/** What a release ends, and when data is set. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeReleases(fixture: StoreFixture): void {
  const { beat, events, steps } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
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
}
