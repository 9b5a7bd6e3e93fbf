/** Who waits for which topic, in this process. A waiter costs one map entry per topic. */
import type { Tenant } from '../store.ts';

export interface Waiters {
  /** Calls `wake` once, when one of the topics may have something new. The answer takes the waiter away. */
  add(tenant: Tenant, topics: readonly string[], wake: () => void): () => void;
  wake(tenant: Tenant, topic: string): void;
  wakeAll(): void;
  readonly size: number;
}

export function makeWaiters(): Waiters {
  const tenants = new Map<Tenant, Map<string, Set<() => void>>>();
  const everybody = new Set<() => void>();

  return {
    add(tenant, topics, wake) {
      let byTopic = tenants.get(tenant);
      if (byTopic === undefined) {
        byTopic = new Map();
        tenants.set(tenant, byTopic);
      }
      for (const topic of topics) {
        const waiting = byTopic.get(topic);
        if (waiting === undefined) byTopic.set(topic, new Set([wake]));
        else waiting.add(wake);
      }
      everybody.add(wake);
      return () => {
        everybody.delete(wake);
        const current = tenants.get(tenant);
        for (const topic of topics) {
          const waiting = current?.get(topic);
          waiting?.delete(wake);
          if (waiting?.size === 0) current?.delete(topic);
        }
        if (current?.size === 0) tenants.delete(tenant);
      };
    },
    wake(tenant, topic) {
      const waiting = tenants.get(tenant)?.get(topic);
      if (waiting !== undefined) for (const wake of [...waiting]) wake();
    },
    wakeAll() {
      for (const wake of [...everybody]) wake();
    },
    get size() {
      return everybody.size;
    },
  };
}
