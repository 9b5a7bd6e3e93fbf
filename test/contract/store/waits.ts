/** When a wait for entries ends. */
import { beforeEach, describe, expect, it } from 'vitest';
import { leaseEventsTopic, type Store } from '../../../src/store/store.ts';
import type { BackendTraits, Node } from '../backend.ts';
import type { StoreFixture } from './fixture.ts';

export function storeWaits(fixture: StoreFixture, traits: BackendTraits): void {
  const { openNode, beat } = fixture;
  let node: Node;
  let store: Store;
  let tenant: string;
  beforeEach(() => {
    ({ node, store, tenant } = fixture);
  });

  describe('wait', () => {
    const until = (
      topics: Record<string, bigint>,
      change: { timeoutMs?: number; signal?: AbortSignal; of?: Store } = {},
    ) => {
      const { timeoutMs = 20_000, signal, of = store } = change;
      return of.wait({
        tenant,
        topics: Object.entries(topics).map(([topic, after]) => ({ topic, after })),
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    };

    it('ends at once if there is an entry already', async () => {
      await beat();
      expect(await until({ [leaseEventsTopic('g')]: 0n })).toBe(true);
    });

    it('ends when an entry is appended on any node, and for the requested topics only', async () => {
      const other = traits.shared ? (await openNode()).store : store;
      const waiting = until({ a: 0n, [leaseEventsTopic('g')]: 0n });
      const bystander = new AbortController();
      const elsewhere = until({ b: 0n }, { signal: bystander.signal });
      await other.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], ttlMs: 1_000, grant: true });
      expect(await waiting).toBe(true);
      bystander.abort();
      expect(await elsewhere).toBe(false);
    });

    it('ends when an expiry is recorded', async () => {
      await beat();
      const [granted] = await store.readTopics({
        tenant,
        topics: [{ topic: leaseEventsTopic('g'), after: 0n }],
        limit: 1,
      });
      const waiting = until({ [leaseEventsTopic('g')]: granted?.position ?? 0n });
      await store.advanceClock(1_000);
      expect(await waiting).toBe(true);
    });

    it('ends with false after its timeout, and when the store closes', async () => {
      expect(await until({ t: 0n }, { timeoutMs: 1 })).toBe(false);
      const other = (traits.shared ? await openNode() : node).store;
      const waiting = until({ t: 0n }, { of: other });
      await other.now({ tenant });
      await other.close();
      expect(await waiting).toBe(false);
    });
  });
}
