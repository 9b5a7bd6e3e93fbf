/** What every driver must keep of watches: one suite, called by a line per driver. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { maxWatchedPrefixBytes } from '../../src/store/limits.ts';
import {
  type EventWatch,
  type LeaseEvent,
  leaseEventsBelowTopic,
  leaseEventsTopic,
  type Store,
} from '../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from './backend.ts';

const forMs = 10_000;

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function eventWatches(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('watches of events', () => testWatches(traits, open));
}

function testWatches(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  let store: Store;
  let tenant: string;
  const opened: Node[] = [];

  const openStore = async (): Promise<Store> => {
    const node = await backend.node();
    opened.push(node);
    return node.store;
  };
  const watch = (change: Partial<EventWatch>, of: Store = store): ReturnType<Store['watchEvents']> =>
    of.watchEvents({ tenant, groups: [], prefixes: [], forMs, ...change });
  const beat = async (group: string, holder = 'ann', of: Store = store): Promise<void> => {
    await of.beat({ tenant, holder, groups: [{ group }], ttlMs: 1_000, grant: true });
  };
  const entriesOf = async (topic: string): Promise<{ position: bigint; event: LeaseEvent }[]> => {
    const entries = await store.readTopics({ tenant, topics: [{ topic, after: 0n }], limit: 100 });
    return entries.map(({ position, payload }) => ({
      position,
      event: JSON.parse(Buffer.from(payload).toString()) as LeaseEvent,
    }));
  };
  const eventsOf = async (topic: string): Promise<string[]> =>
    (await entriesOf(topic)).map(({ event: { type, group, holder } }) => `${type} ${group} ${holder}`);
  const positionsOf = async (topic: string): Promise<bigint[]> =>
    (await entriesOf(topic)).map(({ position }) => position);

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    store = await openStore();
    tenant = `watches/${randomUUID()}`;
    await store.freezeClock();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.store.close();
  });

  describe('a watch', () => {
    it('alone makes a group have an event topic, from the watch on', async () => {
      await beat('g', 'before');
      await beat('other');
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toMatchObject({ topics: 0 });
      const { timetoken } = await watch({ groups: ['g'] });
      await beat('g', 'after');
      await store.release({ tenant, holder: 'before' });
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual(['granted g after', 'released g before']);
      expect((await entriesOf(leaseEventsTopic('g'))).map(({ event }) => event.count)).toEqual([2, 1]);
      expect((await positionsOf(leaseEventsTopic('g'))).every((position) => position > timetoken)).toBe(true);
      await store.release({ tenant, holder: 'ann' });
      expect(await eventsOf(leaseEventsTopic('other'))).toEqual([]);
      expect((await store.tenants()).find((size) => size.tenant === tenant)).toMatchObject({ topics: 1 });
    });

    it('of a prefix records the events of all groups whose names start with it', async () => {
      await watch({ prefixes: ['a.', 'a.b'] });
      for (const group of ['a.x', 'a.b.y', 'ab', 'a', 'b.a.x', 'a.']) await beat(group);
      await store.setData({ tenant, group: 'a.x', holder: 'ann', data: '1' });
      await store.release({ tenant, holder: 'ann', groups: ['a.x', 'a.'] });
      await store.advanceClock(1_000);
      expect(await eventsOf(leaseEventsBelowTopic('a.'))).toEqual([
        'granted a.x ann',
        'granted a.b.y ann',
        'granted a. ann',
        'changed a.x ann',
        'released a.x ann',
        'released a. ann',
        'expired a.b.y ann',
      ]);
      expect(await eventsOf(leaseEventsBelowTopic('a.b'))).toEqual([
        'granted a.b.y ann',
        'expired a.b.y ann',
      ]);
      expect(await eventsOf(leaseEventsTopic('a.x'))).toEqual([]);
    });

    it('of a group and one of its prefix each record an event once, at the same position', async () => {
      await watch({ groups: ['a.x'], prefixes: ['a.', ''] });
      await beat('a.x');
      const [position] = await positionsOf(leaseEventsTopic('a.x'));
      expect(await positionsOf(leaseEventsTopic('a.x'))).toEqual([position]);
      expect(await positionsOf(leaseEventsBelowTopic('a.'))).toEqual([position]);
      expect(await positionsOf(leaseEventsBelowTopic(''))).toEqual([position]);
    });

    it('compares names by character, and of no prefix longer than the maximum', async () => {
      const longest = 'é'.repeat(maxWatchedPrefixBytes / 2);
      await watch({ prefixes: ['é', longest, `${longest}x`] });
      await beat(`${longest}xyz`);
      expect(await eventsOf(leaseEventsBelowTopic('é'))).toHaveLength(1);
      expect(await eventsOf(leaseEventsBelowTopic(longest))).toHaveLength(1);
      expect(await eventsOf(leaseEventsBelowTopic(`${longest}x`))).toEqual([]);
    });

    it('ends after its time, and what happens then is in no topic', async () => {
      await store.thawClock();
      await watch({ groups: ['g'], prefixes: ['g'], forMs: 40 });
      const recorded = async (): Promise<number> =>
        (await eventsOf(leaseEventsTopic('g'))).length + (await eventsOf(leaseEventsBelowTopic('g'))).length;
      const recordedOfOne = async (): Promise<number> => {
        const before = await recorded();
        await beat('g');
        await store.release({ tenant, holder: 'ann' });
        return (await recorded()) - before;
      };
      await expect.poll(recordedOfOne).toBe(0);
      await watch({ groups: ['g'] });
      expect(await recordedOfOne()).toBe(2);
    });

    it('is not shortened by an advance of the lease clock: who set it is still there', async () => {
      await watch({ groups: ['g'], prefixes: ['g'] });
      await beat('g');
      await store.advanceClock(24 * 3_600_000);
      await beat('g', 'bob');
      const expected = ['expired g ann', 'granted g bob'];
      expect((await eventsOf(leaseEventsTopic('g'))).slice(-2)).toEqual(expected);
      expect((await eventsOf(leaseEventsBelowTopic('g'))).slice(-2)).toEqual(expected);
    });

    it('stays when the data of its tenant is dropped', async () => {
      await watch({ groups: ['g'] });
      await beat('g');
      await store.drop({ tenant });
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual([]);
      expect((await store.tenants()).some((size) => size.tenant === tenant)).toBe(false);
      await beat('g', 'bob');
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual(['granted g bob']);
    });

    it('of one node records what happens on another, and its waits end', async () => {
      const other = traits.shared ? await openStore() : store;
      const { timetoken } = await watch({ groups: ['g'] });
      const topics = [{ topic: leaseEventsTopic('g'), after: timetoken }];
      const waiting = store.wait({ tenant, topics, timeoutMs: 20_000 });
      await beat('g', 'ann', other);
      expect(await waiting).toBe(true);
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual(['granted g ann']);
    });

    it('of one tenant records nothing of another', async () => {
      await watch({ tenant: `${tenant}/other`, groups: ['g'], prefixes: [''] });
      await beat('g');
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual([]);
    });
  });

  describe('a watch that begins', () => {
    it('records the grants of its own holder since a sequence number, and no others', async () => {
      await beat('a', 'ann');
      const { timetoken, sequence } = await store.now({ tenant });
      await beat('b', 'ann');
      await beat('b', 'bob');
      await beat('below.c', 'ann');
      await beat('unwatched', 'ann');
      const own = { holder: 'ann', since: sequence };
      await watch({ groups: ['a', 'b'], prefixes: ['below.'], own });
      expect(await eventsOf(leaseEventsTopic('a'))).toEqual([]);
      expect(await eventsOf(leaseEventsTopic('b'))).toEqual(['granted b ann']);
      expect(await eventsOf(leaseEventsBelowTopic('below.'))).toEqual(['granted below.c ann']);
      const [entry] = await entriesOf(leaseEventsTopic('b'));
      expect(entry?.position).toBeGreaterThan(timetoken);
      expect(entry?.event).toMatchObject({ count: 2, data: null, lateMs: 0 });
    });

    it('records no grant twice: neither one that was watched, nor when it is set again', async () => {
      const { sequence } = await store.now({ tenant });
      const own = { holder: 'ann', since: sequence };
      await watch({ prefixes: ['g'] });
      await beat('g');
      await watch({ groups: ['g'], own });
      await watch({ groups: ['g'], own });
      expect(await eventsOf(leaseEventsBelowTopic('g'))).toEqual(['granted g ann']);
      expect(await eventsOf(leaseEventsTopic('g'))).toEqual([]);
    });
  });

  it('an event that a commit names goes where its group is watched, and nowhere else', async () => {
    const payload = Buffer.from('{"type":"changed","group":"g","holder":"ann"}');
    const commit = (): ReturnType<Store['commit']> =>
      store.commit({
        tenant,
        appends: [{ topic: 't', payload, keepEntries: 1 }],
        events: [{ group: 'g', payload, keepEntries: 10, idleMs: 60_000 }],
      });
    await commit();
    expect(await eventsOf(leaseEventsTopic('g'))).toEqual([]);
    await watch({ groups: ['g'], prefixes: [''] });
    const { positions } = await commit();
    expect(positions).toHaveLength(1);
    const [position] = await positionsOf(leaseEventsTopic('g'));
    expect(position).toBeGreaterThan(positions[0] ?? position ?? 0n);
    expect(await positionsOf(leaseEventsBelowTopic(''))).toEqual([position]);
  });
}
