/** The bytes of a tenant: what counts for them, that they return, and what is refused beyond the limit, on every driver. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/store/commands.ts';
import {
  documentOverheadBytes,
  entryOverheadBytes,
  leaseOverheadBytes,
  topicOverheadBytes,
} from '../../src/store/limits.ts';
import {
  type Append,
  type DocumentWrite,
  leaseEventsTopic,
  type TenantDump,
  TenantFull,
} from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

const maxTenantBytes = 4_000;
const ttlMs = 60_000;
const text = (length: number): string => 'é'.repeat(length / 2);

const utf8 = (value: string | null): number => Buffer.byteLength(value ?? '');

/** Returns what a dump adds up to. */
function sizeOf({ leases, documents, topics }: TenantDump): number {
  let bytes = 0;
  for (const { group, holder, data } of leases)
    bytes += leaseOverheadBytes + utf8(group) + utf8(holder) + utf8(data);
  for (const { collection, key, value } of documents)
    bytes += documentOverheadBytes + utf8(collection) + utf8(key) + utf8(value);
  for (const { topic, entries } of topics) {
    bytes += topicOverheadBytes + utf8(topic);
    for (const { payload } of entries) bytes += entryOverheadBytes + payload.length;
  }
  return bytes;
}

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function tenantBytes(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('sizes of tenants', () => testBytes(traits, open));
}

function testBytes(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  let node: Node;
  let tenant: string;

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    node = await backend.node({ maxTenantBytes });
    tenant = `test/${randomUUID()}`;
    await node.store.freezeClock();
  });
  afterEach(() => node.store.close());

  const bytes = async (of = tenant): Promise<number> =>
    (await node.store.tenants()).find((size) => size.tenant === of)?.bytes ?? 0;
  const beat = (groups: Readonly<Record<string, string | undefined>>, holder = 'ann') =>
    node.store.beat({
      ...{ tenant, holder, ttlMs, grant: true },
      groups: Object.entries(groups).map(([group, data]) => ({ group, ...(data !== undefined && { data }) })),
    });
  const write = (key: string, value: string | null): DocumentWrite => ({ collection: 'c', key, value });
  const append = (topic: string, length: number, bounds: Partial<Append> = {}): Append => ({
    ...{ topic, payload: Buffer.alloc(length), keepEntries: 100, idleMs: ttlMs },
    ...bounds,
  });
  const holders = async (group: string): Promise<string[]> =>
    (await node.store.members({ tenant, group, offset: 0, limit: 100 })).leases.map(({ holder }) => holder);

  describe('the bytes of a tenant', () => {
    it('are those of its leases, documents and topics, and return when all of that has ended', async () => {
      await beat({ g: text(100), h: undefined });
      await node.store.commit({
        tenant,
        writes: [{ ...write('k', text(50)), ttlMs }],
        appends: [append('t', 30), append('t', 20)],
      });
      expect(await bytes()).toBe(sizeOf(await node.store.dump({ tenant })));
      expect(await bytes()).toBe(
        2 * (leaseOverheadBytes + 1 + 3) +
          100 +
          (documentOverheadBytes + 2 + 50) +
          topicOverheadBytes +
          1 +
          2 * entryOverheadBytes +
          50,
      );
      await node.store.advanceClock(ttlMs);
      expect(await node.store.tenants()).not.toContainEqual(expect.objectContaining({ tenant }));
      expect(await bytes()).toBe(0);
    });

    it('count the events of watched groups until they are gone', async () => {
      await node.store.watchEvents({ tenant, groups: ['g'], prefixes: [], forMs: ttlMs });
      await beat({ g: text(100) });
      const withEvents = await bytes();
      expect(withEvents).toBeGreaterThan(2 * (leaseOverheadBytes + 100));
      await node.store.release({ tenant, holder: 'ann' });
      expect(await bytes()).toBeGreaterThan(100);
      await node.store.advanceClock(3_600_000);
      expect(await bytes()).toBe(0);
      expect((await node.store.topicBounds({ tenant, topics: [leaseEventsTopic('g')] }))[0]?.entries).toBe(0);
    });

    it('do not count what a topic no longer keeps', async () => {
      const one = topicOverheadBytes + 1;
      for (let at = 0; at < 5; at += 1)
        await node.store.commit({ tenant, appends: [append('t', 10 * (at + 1), { keepEntries: 2 })] });
      expect(await bytes()).toBe(one + 2 * entryOverheadBytes + 40 + 50);
      for (let at = 0; at < 5; at += 1)
        await node.store.commit({ tenant, appends: [append('u', 10, { keepBytes: 25, after: 0n })] });
      expect(await bytes()).toBe(2 * one + 4 * entryOverheadBytes + 40 + 50 + 20);
    });

    it('are what a dump adds up to, whatever was done', { timeout: 120_000 }, async () => {
      const name = fc.constantFrom('a', 'b', 'é');
      const value = fc.nat(40).map((length) => 'x'.repeat(length));
      const step: fc.Arbitrary<(id: string) => Command> = fc.oneof(
        fc.record({ holder: name, group: name, data: fc.option(value, { nil: undefined }) }).map(
          ({ holder, group, data }) =>
            (id: string): Command => ({
              name: 'beat',
              input: {
                tenant: id,
                holder,
                ttlMs,
                grant: true,
                groups: [{ group, ...(data !== undefined && { data }) }],
              },
            }),
        ),
        fc.record({ holder: name, group: name, data: fc.option(value) }).map(
          (change) =>
            (id: string): Command => ({ name: 'setData', input: { tenant: id, ...change } }),
        ),
        name.map(
          (holder) =>
            (id: string): Command => ({ name: 'release', input: { tenant: id, holder } }),
        ),
        fc.record({ key: name, value: fc.option(value) }).map(
          (written) =>
            (id: string): Command => ({
              name: 'commit',
              input: { tenant: id, writes: [{ collection: 'c', ...written }] },
            }),
        ),
        fc.record({ topic: name, length: fc.nat(40), keepEntries: fc.integer({ min: 1, max: 3 }) }).map(
          ({ topic, length, keepEntries }) =>
            (id: string): Command => ({
              name: 'commit',
              input: { tenant: id, appends: [{ topic, payload: Buffer.alloc(length), keepEntries }] },
            }),
        ),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 8 }), async (batches) => {
          const id = `test/${randomUUID()}`;
          for (const batch of batches)
            await node.driver.execute(
              node.driver.partitionOf(id),
              batch.map((make) => make(id)),
            );
          const dump = await node.store.dump({ tenant: id });
          expect(await bytes(id)).toBe(sizeOf(dump));
          const other = `test/${randomUUID()}`;
          await node.store.load({ tenant: other, dump });
          expect(await bytes(other)).toBe(await bytes(id));
          for (const dropped of [id, other]) await node.store.drop({ tenant: dropped });
          expect(await bytes(id)).toBe(0);
        }),
        { numRuns: 60 },
      );
    });

    if (traits.survivesKill)
      it('are the same after a restart', async () => {
        await beat({ g: text(100) });
        await node.store.commit({ tenant, writes: [write('k', text(50))], appends: [append('t', 30)] });
        const before = await bytes();
        await backend.restart?.();
        await node.store.close();
        node = await backend.node({ maxTenantBytes });
        expect(await bytes()).toBe(before);
      });
  });

  describe('a tenant that holds as many bytes as it may', () => {
    const fill = (): Promise<unknown> =>
      node.store.commit({
        tenant,
        writes: [write('filling', text(maxTenantBytes - documentOverheadBytes - 8 - 400))],
      });

    it('renews its leases, is read, and releases, while new leases are refused', async () => {
      await beat({ g: 'x' });
      await fill();
      await expect(beat({ g: 'x', h: text(300) })).rejects.toThrow(TenantFull);
      expect(await holders('h')).toEqual([]);
      await node.store.advanceClock(ttlMs - 1);
      // The lease that was there is renewed, also by a beat of which the rest is refused.
      await expect(beat({ g: 'x', h: text(300) })).rejects.toThrow(TenantFull);
      await node.store.advanceClock(ttlMs - 1);
      expect(await holders('g')).toEqual(['ann']);
      expect((await beat({ g: 'x' })).leases[0]?.state).toBe('renewed');
      expect(
        (await node.store.readDocuments({ tenant, documents: [{ collection: 'c', key: 'filling' }] }))[0],
      ).toBeTruthy();
      expect(await node.store.release({ tenant, holder: 'ann' })).toEqual(['g']);
      expect(await bytes()).toBeLessThanOrEqual(maxTenantBytes);
    });

    it('takes new leases again when others have ended', async () => {
      await fill();
      await beat({ g: undefined });
      await expect(beat({ g: undefined }, 'bob')).rejects.toThrow(TenantFull);
      await node.store.advanceClock(ttlMs);
      expect((await beat({ g: undefined }, 'bob')).leases[0]?.state).toBe('granted');
    });

    it('may shrink the data of a lease, but not grow it', async () => {
      await beat({ g: text(20) });
      await fill();
      const input = { tenant, group: 'g', holder: 'ann' };
      await expect(node.store.setData({ ...input, data: text(400) })).rejects.toThrow(TenantFull);
      await expect(beat({ g: text(400) })).rejects.toThrow(TenantFull);
      expect((await node.store.read(input))?.data).toBe(text(20));
      expect(await node.store.setData({ ...input, data: text(10) })).toEqual({ live: true, changed: true });
      expect((await beat({ g: text(12) })).leases[0]?.data).toBe(text(12));
    });

    it('refuses a commit that adds too much, whole, and accepts what adds nothing', async () => {
      await fill();
      const refused = [
        { writes: [write('small', 'x'), write('large', text(400))] },
        { writes: [write('small', 'x')], appends: [append('t', 400)] },
        { appends: [append('t', 60, { also: ['u'] })] },
      ];
      for (const commit of refused)
        await expect(node.store.commit({ tenant, ...commit })).rejects.toThrow(TenantFull);
      expect(await node.store.listDocuments({ tenant, collection: 'c' })).toHaveLength(1);
      expect((await node.store.topicBounds({ tenant, topics: ['t'] }))[0]?.entries).toBe(0);
      const accepted = [
        [write('filling', text(3_000))],
        [write('filling', null)],
        [write('large', text(400))],
      ];
      for (const writes of accepted)
        expect((await node.store.commit({ tenant, writes })).committed).toBe(true);
    });

    it('accepts a commit that is exempt', async () => {
      await fill();
      const writes = [write('large', text(800))];
      expect((await node.store.commit({ tenant, writes, isExempt: true })).committed).toBe(true);
      expect(await bytes()).toBeGreaterThan(maxTenantBytes);
      expect((await node.store.commit({ tenant, writes: [write('large', null)] })).committed).toBe(true);
    });

    it('leaves room to all others', async () => {
      await fill();
      await expect(beat({ g: text(400) })).rejects.toThrow(TenantFull);
      tenant = `test/${randomUUID()}`;
      expect((await beat({ g: text(400) })).leases[0]?.state).toBe('granted');
    });

    it('refuses only the commands for which there is no room of those that come together', async () => {
      await fill();
      const results = await Promise.allSettled([
        beat({ g: text(150) }),
        beat({ g: text(150) }, 'bob'),
        beat({ g: undefined }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await holders('g')).toEqual(['ann']);
    });
  });
}
