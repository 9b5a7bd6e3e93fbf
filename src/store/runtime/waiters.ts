/** The requests of this process that wait for entries of topics. A waiter costs one map entry per topic. */
import type { Tenant } from '../leases.ts';

export interface Waiters {
  /** Calls `wake` when one of the topics may have new entries. Returns a function that removes the waiter. */
  add(tenant: Tenant, topics: readonly string[], wake: () => void): () => void;
  /** Calls the waiters of a topic. Returns how many there were. */
  wake(tenant: Tenant, topic: string): number;
  /** Calls the waiters of all topics of a tenant. */
  wakeTenant(tenant: Tenant): void;
  /** Calls all waiters now. */
  wakeAll(): void;
  /** Calls all waiters of now, some in each turn of the event loop: each of them reads. */
  wakeInTurns(): void;
  readonly size: number;
}

/** Waiters that are called in one turn of the event loop. */
const wokenPerTurn = 256;

export function makeWaiters(): Waiters {
  const tenants = new Map<Tenant, Map<string, Set<() => void>>>();
  const all = new Set<() => void>();

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
      all.add(wake);
      return () => {
        all.delete(wake);
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
      if (waiting === undefined) return 0;
      const woken = [...waiting];
      for (const wake of woken) wake();
      return woken.length;
    },
    wakeTenant(tenant) {
      for (const wake of new Set(
        [...(tenants.get(tenant)?.values() ?? [])].flatMap((waiting) => [...waiting]),
      ))
        wake();
    },
    wakeAll() {
      for (const wake of [...all]) wake();
    },
    wakeInTurns() {
      const woken = [...all];
      const wakeSome = (): void => {
        for (const wake of woken.splice(0, wokenPerTurn)) wake();
        if (woken.length > 0) setImmediate(wakeSome);
      };
      wakeSome();
    },
    get size() {
      return all.size;
    },
  };
}
