/** Order, pages, names and contents of what is read. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeReads(fixture: StoreFixture): void {
  const { beat, watch, events, members } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
  });

  describe('reads', () => {
    it('members are returned oldest grant first, in pages that are stable while others renew', async () => {
      const holders = Array.from({ length: 25 }, (_, at) => `h${(at * 7) % 25}`);
      for (const holder of holders) await beat({ holder, ttlMs: 60_000 });
      for (const holder of ['h3', 'h21']) await beat({ holder, ttlMs: 90_000 });
      const page = async (offset: number): Promise<string[]> =>
        (await store.members({ tenant, group: 'g', offset, limit: 10 })).leases.map(({ holder }) => holder);
      expect([...(await page(0)), ...(await page(10)), ...(await page(20))]).toEqual(holders);
      expect(await store.members({ tenant, group: 'g', offset: 0, limit: 0 })).toMatchObject({
        count: 25,
        leases: [],
      });
    });

    it('groups are returned sorted, in pages', async () => {
      for (const group of ['d', 'b', 'a', 'c']) await beat({ group });
      expect(await store.groups({ tenant, limit: 2 })).toEqual(['a', 'b']);
      expect(await store.groups({ tenant, after: 'b', limit: 2 })).toEqual(['c', 'd']);
    });

    it('names and contents may be anything', async () => {
      const names = [
        '__proto__',
        'constructor',
        'a:b',
        '1:a',
        '',
        ' ',
        '\u0000',
        'é/ü',
        '😀',
        '"\\\n',
        '{x}',
        '%00',
        'x'.repeat(2_048),
      ];
      await watch(...names);
      for (const name of names) {
        await beat({ group: name, holder: `who ${name}`, data: name });
        await store.commit({ tenant, writes: [{ collection: name, key: name, value: name }] });
      }
      expect(await store.groups({ tenant, limit: 100 })).toEqual([...names].sort());
      for (const name of names) {
        expect(await members(name)).toEqual([`who ${name}`]);
        expect(await store.read({ tenant, group: name, holder: `who ${name}` })).toMatchObject({
          group: name,
          data: name,
        });
        expect((await events(name))[0]).toMatchObject({
          group: name,
          holder: `who ${name}`,
          data: name,
          count: 1,
        });
        expect(await store.listDocuments({ tenant, collection: name })).toMatchObject([
          { key: name, value: name },
        ]);
      }
    });

    it('tenants do not see each other', async () => {
      const other = `${tenant}x`;
      await beat();
      await store.beat({ tenant: other, holder: 'bob', groups: [{ group: 'g' }], ttlMs: 1_000, grant: true });
      expect(await members()).toEqual(['ann']);
      await store.drop({ tenant: other });
      expect(await members()).toEqual(['ann']);
    });
  });
}
