/** Versions, guards and deadlines of documents. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeDocuments(fixture: StoreFixture): void {
  const { advanceUnswept, sweepAgain } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
  });

  describe('documents', () => {
    const write = (value: string | null, version?: number, change: { key?: string; ttlMs?: number } = {}) =>
      store.commit({
        tenant,
        writes: [
          { collection: 'c', key: 'k', value, ...(version === undefined ? {} : { version }), ...change },
        ],
      });
    const read = async (key = 'k') =>
      (await store.readDocuments({ tenant, documents: [{ collection: 'c', key }] }))[0];

    it('a write with a stale version changes nothing and reports it', async () => {
      const first = await write('1', 0);
      expect(first.committed).toBe(true);
      expect(await write('2', 0)).toMatchObject({ committed: false });
      const second = await write('2', first.versions[0]);
      expect(second.committed).toBe(true);
      expect(await write('3', first.versions[0])).toMatchObject({ committed: false });
      expect(await read()).toEqual({ key: 'k', version: second.versions[0], value: '2' });
    });

    it('all writes of a commit happen, or none', async () => {
      await write('1');
      const result = await store.commit({
        tenant,
        writes: [
          { collection: 'c', key: 'new', value: 'x' },
          { collection: 'c', key: 'k', value: 'y', version: 1 },
        ],
        appends: [{ topic: 't', payload: Buffer.from('z'), keepEntries: 10 }],
      });
      expect(result).toEqual({ committed: false, versions: [], positions: [] });
      expect(await read('new')).toBeNull();
      expect(await read()).toMatchObject({ value: '1' });
      expect(await store.topicBounds({ tenant, topics: ['t'] })).toEqual([
        { oldest: 0n, newest: 0n, entries: 0 },
      ]);
    });

    it('guards are checked like versions', async () => {
      const { versions } = await write('1');
      const guards = [{ collection: 'c', key: 'k', version: versions[0] ?? 0 }];
      expect(
        await store.commit({ tenant, guards, writes: [{ collection: 'd', key: 'x', value: '1' }] }),
      ).toMatchObject({ committed: true });
      await write('2');
      expect(
        await store.commit({ tenant, guards, writes: [{ collection: 'd', key: 'x', value: '2' }] }),
      ).toMatchObject({ committed: false });
    });

    it('a version is never used again, also not after deletion', async () => {
      const first = (await write('1')).versions[0];
      expect((await write(null)).versions).toEqual([0]);
      expect(await read()).toBeNull();
      const again = (await write('1', 0)).versions[0];
      expect(again).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
      expect(await write('2', first)).toMatchObject({ committed: false });
    });

    it('with a deadline are deleted exactly then', async () => {
      await write('1', 0, { ttlMs: 1_000 });
      await write('1', 0, { key: 'stays' });
      await store.advanceClock(999);
      expect(await read()).toMatchObject({ value: '1' });
      await advanceUnswept(1);
      expect(await read()).toBeNull();
      expect((await store.listDocuments({ tenant, collection: 'c' })).map(({ key }) => key)).toEqual([
        'stays',
      ]);
      expect(await write('2', 0)).toMatchObject({ committed: true });
      await sweepAgain();
      await store.advanceClock(5_000);
      expect(await read()).toMatchObject({ value: '2' });
    });

    it('of a collection are listed by key', async () => {
      for (const key of ['b', 'c', 'a']) await write(key, 0, { key });
      expect(
        (await store.listDocuments({ tenant, collection: 'c' })).map(({ key, value }) => key + value),
      ).toEqual(['aa', 'bb', 'cc']);
      expect(await store.listDocuments({ tenant, collection: 'none' })).toEqual([]);
    });

    it('of two writers with the same version only one wins', async () => {
      const { versions } = await write('0');
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) => write(String(at), versions[0])),
      );
      expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    });
  });
}
