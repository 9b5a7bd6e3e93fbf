/** Order and positions of the entries of topics, and how long they are kept. */
import { beforeEach, describe, expect, it } from 'vitest';
import { leaseEventsTopic, type Store } from '../../../src/store/store.ts';
import type { StoreFixture } from './fixture.ts';

export function storeTopics(fixture: StoreFixture): void {
  const { append, beat } = fixture;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ store, tenant } = fixture);
  });

  describe('topics', () => {
    const read = async (topics: Record<string, bigint>, limit = 100) =>
      (
        await store.readTopics({
          tenant,
          topics: Object.entries(topics).map(([topic, after]) => ({ topic, after })),
          limit,
        })
      ).map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`);

    it('hold entries in the order of strictly increasing 17-digit timetokens, over all topics of the tenant', async () => {
      const tokens: bigint[] = [];
      for (let at = 0; at < 10; at += 1) tokens.push(await append(at % 2 === 0 ? 'even' : 'odd', String(at)));
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => (a < b ? -1 : 1)));
      expect(tokens.every((token) => String(token).length === 17)).toBe(true);
      expect(await read({ even: 0n, odd: 0n })).toEqual(
        tokens.map((_, at) => `${at % 2 === 0 ? 'even' : 'odd'} ${at}`),
      );
      expect(await read({ even: tokens[4] ?? 0n, odd: tokens[4] ?? 0n }, 3)).toEqual([
        'odd 5',
        'even 6',
        'odd 7',
      ]);
    });

    it('are read from any position, also one that no entry can have', async () => {
      await append('t', 'x');
      const reads = [-1n, 10n ** 20n - 1n, 0n].map((after) => read({ t: after }));
      expect(await Promise.all(reads)).toEqual([['t x'], [], ['t x']]);
    });

    it('share their timetokens with lease events and with now', async () => {
      const before = (await store.now({ tenant })).timetoken;
      await beat();
      const middle = (await store.now({ tenant })).timetoken;
      const appended = await append('t', 'x');
      const [event] = await store.readTopics({
        tenant,
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
        limit: 1,
      });
      const order = [before, event?.position ?? 0n, appended];
      expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(order).size).toBe(3);
      expect(middle >= (event?.position ?? 0n) && middle < appended).toBe(true);
    });

    it('give each of many events of one step a position of its own, from which a reader can continue', async () => {
      const holders = Array.from({ length: 40 }, (_, at) => `holder ${at}`);
      await Promise.all(holders.map((holder) => beat({ holder })));
      await store.advanceClock(1_000);
      const topic = leaseEventsTopic('g');
      const all = await store.readTopics({ tenant, topics: [{ topic, after: 0n }], limit: 1_000 });
      expect(all).toHaveLength(80);
      expect(new Set(all.map(({ position }) => position)).size).toBe(80);
      for (const [at, { position }] of all.entries()) {
        const rest = await store.readTopics({ tenant, topics: [{ topic, after: position }], limit: 5 });
        expect(rest).toEqual(all.slice(at + 1, at + 6));
      }
      const [bounds] = await store.topicBounds({ tenant, topics: [topic] });
      expect(bounds).toMatchObject({ oldest: all[0]?.position, newest: all.at(-1)?.position });
    });

    it('may be dense: the first entry follows the origin, each next one the newest', async () => {
      const origin = 1_447_329_401_000_000_000n;
      for (let at = 1n; at <= 5n; at += 1n)
        expect(await append('log', `${at}`, { after: origin, keepEntries: 3 })).toBe(origin + at);
      expect(await read({ log: 0n })).toEqual(['log 3', 'log 4', 'log 5']);
      expect(await store.topicBounds({ tenant, topics: ['log'] })).toEqual([
        { oldest: origin + 3n, newest: origin + 5n, entries: 3 },
      ]);
    });

    it('may hold the same entry at the same position', async () => {
      const { positions } = await store.commit({
        tenant,
        appends: [
          { topic: 'a', also: ['b', 'c'], payload: Buffer.from('x'), keepEntries: 10 },
          { topic: 'a', payload: Buffer.from('y'), keepEntries: 10 },
        ],
      });
      expect(positions).toHaveLength(2);
      expect(await read({ a: 0n, b: 0n, c: 0n })).toEqual(['a x', 'b x', 'c x', 'a y']);
      const bounds = await store.topicBounds({ tenant, topics: ['b', 'c'] });
      expect(bounds.map(({ newest }) => newest)).toEqual([positions[0], positions[0]]);
    });

    it('keep the newest entries that fit into the maximum size, and the newest one in any case', async () => {
      const keeping = { after: 0n, keepBytes: 10 };
      for (const text of ['aaaa', 'bbbb', 'cc']) await append('log', text, keeping);
      expect(await read({ log: 0n })).toEqual(['log aaaa', 'log bbbb', 'log cc']);
      await append('log', 'd', keeping);
      expect(await read({ log: 0n })).toEqual(['log bbbb', 'log cc', 'log d']);
      await append('log', 'e'.repeat(20), keeping);
      expect(await read({ log: 0n })).toEqual([`log ${'e'.repeat(20)}`]);
      await append('log', 'f', keeping);
      await append('log', 'g', { ...keeping, keepEntries: 1 });
      expect(await read({ log: 0n })).toEqual(['log g']);
      for (const text of ['hhhh', 'iiii', 'j']) await append('log', text, keeping);
      expect(await store.topicBounds({ tenant, topics: ['log'] })).toEqual([
        { oldest: 7n, newest: 10n, entries: 4 },
      ]);
    });

    it('keep bytes unchanged', async () => {
      const payload = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.commit({ tenant, appends: [{ topic: 't', payload, keepEntries: 10 }] });
      const [entry] = await store.readTopics({ tenant, topics: [{ topic: 't', after: 0n }], limit: 1 });
      expect(Buffer.from(entry?.payload ?? []).equals(Buffer.from(payload))).toBe(true);
    });

    it('are deleted when they were idle for their time, and not before', async () => {
      await append('t', 'x', { idleMs: 1_000 });
      await store.advanceClock(999);
      await append('t', 'y', { idleMs: 1_000 });
      await store.advanceClock(999);
      expect(await read({ t: 0n })).toEqual(['t x', 't y']);
      await store.advanceClock(1);
      expect(await read({ t: 0n })).toEqual([]);
      expect((await store.tenants()).some((size) => size.tenant === tenant)).toBe(false);
    });
  });
}
