/** The number of tenants: which count, that they are forgotten when they hold nothing, and what is refused beyond the limit, on every driver. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchOverheadBytes } from '../../src/store/limits.ts';
import { serverSpace } from '../../src/store/server-space.ts';
import { TenantFull } from '../../src/store/store.ts';
import type { Backend, Node } from './backend.ts';

const ttlMs = 60_000;

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function tenantCount(open: () => Promise<Backend>): void {
  describe('the number of tenants', () => testCount(open));
}

function testCount(open: () => Promise<Backend>): void {
  let backend: Backend;
  let node: Node;
  /** Names of tenants of one partition, so that a partition's share is what counts on every driver. */
  let names: string[];
  /** How many the partition may have. */
  let most: number;

  let partition = 0;

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    node = await backend.node({ maxTenants: 1 });
    await node.store.freezeClock();
    // Watches stay, so each test has a partition to itself, or a store.
    if (node.store.partitions <= 2) {
      await node.store.close();
      await backend.stop();
      backend = await open();
      node = await backend.node({ maxTenants: 1 });
      await node.store.freezeClock();
    } else partition += 1;
    names = namesOfPartition(node, partition, 40);
    most = 0;
    while ((await isGranted(names[most] ?? '')) && most < names.length) most += 1;
    for (const tenant of names) await node.store.drop({ tenant });
  });
  afterEach(() => node.store.close());

  const beat = (tenant: string, holder = 'ann') =>
    node.store.beat({ ...{ tenant, holder, ttlMs, grant: true }, groups: [{ group: 'g' }] });
  const isGranted = (tenant: string): Promise<boolean> =>
    beat(tenant).then(
      () => true,
      (error: Error) => {
        expect(error).toMatchObject({ name: 'TenantFull', bound: 'MAX_TENANTS', tenant });
        return false;
      },
    );
  const write = (tenant: string, value: string | null, isExempt = false) =>
    node.store.commit({ tenant, isExempt, writes: [{ collection: 'c', key: 'k', value }] });
  const watch = (tenant: string, group = 'g') =>
    node.store.watchEvents({ tenant, groups: [group], prefixes: [], forMs: ttlMs });
  const name = (at: number): string => names[at] ?? '';
  const fill = async (): Promise<void> => {
    for (let at = 0; at < most; at += 1) await beat(name(at));
  };

  describe('a store that holds as many tenants as it may', () => {
    it('refuses leases, documents, entries and watches of another, and serves those that it has', async () => {
      expect(most).toBeGreaterThan(0);
      await fill();
      const another = name(most);
      await expect(beat(another)).rejects.toThrow(TenantFull);
      await expect(write(another, 'x')).rejects.toThrow(TenantFull);
      // Not even what is exempt for its bytes: that is for leases, which a tenant without any does not have.
      await expect(write(another, 'x', true)).rejects.toThrow(TenantFull);
      const append = { topic: 't', payload: Buffer.from('x'), keepEntries: 1, idleMs: ttlMs };
      await expect(node.store.commit({ tenant: another, appends: [append] })).rejects.toThrow(TenantFull);
      await expect(watch(another)).rejects.toThrow(TenantFull);
      expect((await write(another, null)).committed).toBe(true);
      expect(await node.store.release({ tenant: another, holder: 'ann' })).toEqual([]);
      expect((await node.store.tenants()).map(({ tenant }) => tenant)).not.toContain(another);
      expect((await beat(name(0))).leases[0]?.state).toBe('renewed');
      expect((await beat(name(0), 'bob')).leases[0]?.state).toBe('granted');
      expect((await write(name(0), 'x')).committed).toBe(true);
      await watch(name(0));
    });

    it.each<[string, () => Promise<unknown>]>([
      ['its leases have been released', () => node.store.release({ tenant: name(0), holder: 'ann' })],
      ['its leases have expired', () => node.store.advanceClock(ttlMs)],
      ['it was dropped', () => node.store.drop({ tenant: name(0) })],
    ])('takes another when one holds nothing because %s', async (_, end) => {
      await fill();
      expect(await isGranted(name(most))).toBe(false);
      await end();
      expect(await isGranted(name(most))).toBe(true);
    });

    it('counts a tenant that is only watched, until its watches end', async () => {
      for (let at = 0; at < most; at += 1) await watch(name(at));
      expect(await isGranted(name(most))).toBe(false);
      await expect(watch(name(most))).rejects.toThrow(TenantFull);
      // Not listed: it has no data.
      expect((await node.store.tenants()).map(({ tenant }) => tenant)).not.toContain(name(0));
      for (let at = 0; at < most; at += 1) await node.store.drop({ tenant: name(at) });
      // Watches outlive a drop.
      expect(await isGranted(name(most))).toBe(false);
      await watch(name(0), 'another');
      await beat(name(0));
      const size = (await node.store.tenants()).find(({ tenant }) => tenant === name(0));
      expect(size?.bytes).toBeGreaterThan(2 * watchOverheadBytes);
    });

    it('refuses those beyond it also where many come together', async () => {
      const results = await Promise.all(names.slice(0, most + 3).map(isGranted));
      expect(results.filter(Boolean)).toHaveLength(most);
    });

    it('keeps what nodes share all the same', async () => {
      await fill();
      const own = `${serverSpace}${randomUUID()}`;
      expect((await write(own, 'x')).committed).toBe(true);
      await write(own, null);
    });
  });

  describe('watches', () => {
    it('count for the bytes of their tenant until they end', async () => {
      await node.store.close();
      node = await backend.node({ maxTenantBytes: 1_000 });
      await node.store.freezeClock();
      const tenant = name(0);
      await watch(tenant, 'a'.repeat(300));
      await watch(tenant, 'a'.repeat(300));
      await expect(watch(tenant, 'b'.repeat(400))).rejects.toThrow(TenantFull);
      await expect(
        node.store.watchEvents({ tenant, groups: [], prefixes: ['b'.repeat(400)], forMs: ttlMs }),
      ).rejects.toThrow(TenantFull);
      await write(tenant, 'x');
      await node.store.watchEvents({ tenant, groups: ['a'.repeat(300)], prefixes: [], forMs: 3 * ttlMs });
    });
  });
}

function namesOfPartition({ store }: Node, partition: number, count: number): string[] {
  if (partition >= store.partitions) throw new Error(`there are ${store.partitions} partitions`);
  const found: string[] = [];
  while (found.length < count) {
    const name = `test/${randomUUID()}`;
    if (store.partitionOf(name) === partition) found.push(name);
  }
  return found;
}
