/**
 * Tells all nodes of a tenant that begins on one of them, so that each is ready to deliver its reports when that one dies. With a store
 * of this process alone there is no other node.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Store, Tenant } from '../../../store/store.ts';
import { defaultTenant, isPbxTenant } from '../tenant.ts';

const tenant = defaultTenant;
const topic = 'tenants';
/** A node that missed more finds a tenant with its next request. */
const keepEntries = 500;
const idleMs = 24 * 3_600_000;
/** Announcements from before a node watches that it reads: of tenants that begin meanwhile, and that the store may not hold yet. */
const recent = 20n;
/** Maximum delay of what no append announces, such as a reset, ms. */
const watchMs = 10_000;
/** Pause after an unavailable store, ms. */
const outageMs = 500;

export interface Announcements {
  announce(begun: Tenant): void;
  /** Resolves when nothing is read any more. */
  stop(): Promise<void>;
}

/** Calls `found` with each tenant that a node announces from now on, or announced recently. */
export function watchAnnouncements(store: Store, found: (begun: Tenant) => void): Announcements {
  if (store.knownLeaseMs(tenant) !== undefined) return { announce: () => {}, stop: async () => {} };
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async (): Promise<void> => {
    const end = await newest(store);
    let after = end > recent ? end - recent : 0n;
    while (!signal.aborted) {
      await store.wait({ tenant, topics: [{ topic, after }], timeoutMs: watchMs, signal });
      // After a reset the positions begin again.
      if ((await newest(store)) < after) after = 0n;
      const entries = await store.readTopics({ tenant, topics: [{ topic, after }], limit: keepEntries });
      for (const { position, payload } of entries) {
        after = position;
        const name = Buffer.from(payload).toString();
        if (isPbxTenant(name)) found(name);
      }
    }
  };
  const watching = (async () => {
    while (!signal.aborted) {
      await watch().catch(() => pause(outageMs, undefined, { signal, ref: false }).catch(() => undefined));
    }
  })();
  return {
    announce(begun) {
      const append = { topic, payload: Buffer.from(begun), keepEntries, idleMs };
      // A node that is not told finds the tenant with its next request.
      void store.commit({ tenant, appends: [append] }).catch(() => undefined);
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function newest(store: Store): Promise<bigint> {
  const [bounds] = await store.topicBounds({ tenant, topics: [topic] });
  return bounds?.newest ?? 0n;
}
