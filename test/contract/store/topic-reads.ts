/** How much one read of topics returns. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeTopicReads(fixture: StoreFixture): void {
  const { append } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
  });

  describe('topics', () => {
    it('are read up to a maximum size, and by at least one entry', async () => {
      for (let at = 0; at < 40; at += 1) await append('log', String(at % 10).repeat(at < 20 ? 10 : 3));
      const lengths = async (maxBytes: number, limit = 100) => {
        const found = await store.readTopics({
          tenant,
          topics: [{ topic: 'log', after: 0n }],
          limit,
          maxBytes,
        });
        return found.map(({ payload }) => payload.length);
      };
      expect(await lengths(5)).toEqual([10]);
      expect(await lengths(25)).toEqual([10, 10]);
      expect(await lengths(206)).toEqual([...Array(20).fill(10), 3, 3]);
      expect(await lengths(10_000)).toHaveLength(40);
      expect(await lengths(10_000, 33)).toHaveLength(33);
    });

    it('are read together in order of position, up to a maximum size of all of them', async () => {
      const names = Array.from({ length: 9 }, (_, at) => `t${at}`);
      const expected: string[] = [];
      for (let at = 0; at < 200; at += 1) {
        const topic = names[(at * at + (at >> 4)) % 9] ?? '';
        await append(topic, 'x'.repeat(1 + (at % 7)), { keepEntries: 500 });
        expected.push(`${topic} ${1 + (at % 7)}`);
      }
      const readFrom = async (after: bigint, maxBytes: number, limit: number) => {
        const topics = names.map((topic) => ({ topic, after }));
        const found = await store.readTopics({ tenant, topics, limit, maxBytes });
        expect(found.length).toBeLessThanOrEqual(limit);
        if (found.length > 1)
          expect(found.reduce((bytes, { payload }) => bytes + payload.length, 0)).toBeLessThanOrEqual(
            maxBytes,
          );
        return found;
      };
      for (const [maxBytes, limit] of [
        [1, 50],
        [30, 50],
        [10_000, 7],
        [10_000, 500],
      ] as const) {
        const read: string[] = [];
        for (let after: bigint | undefined = 0n; after !== undefined; ) {
          const found: Awaited<ReturnType<typeof readFrom>> = await readFrom(after, maxBytes, limit);
          read.push(...found.map(({ topic, payload }) => `${topic} ${payload.length}`));
          after = found.at(-1)?.position;
        }
        expect(read).toEqual(expected);
      }
    });

    it('are read by many commands at once, also if each is large', async () => {
      const payload = Buffer.alloc(100_000, 'x');
      for (let at = 0; at < 12; at += 1)
        await store.commit({ tenant, appends: [{ topic: `l${at % 4}`, payload, keepEntries: 10 }] });
      const reads = Array.from({ length: 40 }, (_, at) =>
        store.readTopics({ tenant, topics: [{ topic: `l${at % 4}`, after: 0n }], limit: 10 + at }),
      );
      for (const found of await Promise.all(reads))
        expect(found.map((one) => one.payload.length)).toEqual([100_000, 100_000, 100_000]);
    });
  });
}
