/** Beginnings and ends of leases, for explanations: bounded, newest kept. */
import type { PastLease, WhySubject } from '../../protocols/kit/explain.ts';
import type { TenantEvent } from '../../store/store.ts';

export interface LeaseHistory {
  record(event: TenantEvent): void;
  /** Returns what matches, newest first. */
  find(subject: WhySubject): readonly PastLease[];
  /** Forgets a tenant; without one, everything. */
  forget(tenant?: string): void;
}

const defaultMax = 10_000;

/** Makes a history of at most `max` entries: a ring, so that a mass expiry costs one write per lease. */
export function makeLeaseHistory(max = defaultMax): LeaseHistory {
  let ring: PastLease[] = [];
  let next = 0;
  const newestFirst = (): PastLease[] => [...ring.slice(next), ...ring.slice(0, next)].reverse();
  return {
    record({ type, tenant, group, holder, atMs, lateMs }) {
      if (type === 'changed') return;
      // Without the data of the lease, which may be large. An expiry happened at its deadline.
      ring[next] = { type, tenant, group, holder, atMs: atMs - lateMs };
      next = (next + 1) % max;
    },
    find: ({ tenant, group, holder }) =>
      newestFirst().filter(
        (one) =>
          one.tenant === tenant &&
          (group === undefined || one.group === group) &&
          (holder === undefined || one.holder === holder),
      ),
    forget(tenant) {
      ring =
        tenant === undefined
          ? []
          : newestFirst()
              .reverse()
              .filter((one) => one.tenant !== tenant);
      next = ring.length % max;
    },
  };
}
