/** Beginnings and ends of leases, for explanations: bounded, newest kept. */
import type { PastLease, WhySubject } from '../../protocols/kit/explain.ts';
import type { EventRun } from '../../store/store.ts';

export interface LeaseHistory {
  /** Records a run of changes. */
  record(run: EventRun): void;
  /** Returns what matches, newest first. */
  find(subject: WhySubject): readonly PastLease[];
  /** Forgets a tenant; without one, everything. */
  forget(tenant?: string): void;
}

const defaultMax = 10_000;

/** A place of the ring, which is written again and again: a mass expiry makes nothing per lease. */
type Place = { -readonly [field in keyof PastLease]: PastLease[field] };

/** Makes a history of at most `max` entries. */
export function makeLeaseHistory(max = defaultMax): LeaseHistory {
  let ring: Place[] = [];
  let next = 0;
  const newestFirst = (): Place[] => [...ring.slice(next), ...ring.slice(0, next)].reverse();
  return {
    record({ type, tenant, groups, holders, ...run }) {
      if (type === 'changed') return;
      // An expiry happened at its deadline.
      const atMs = run.atMs - run.lateMs;
      for (let at = Math.max(0, holders.length - max); at < holders.length; at += 1) {
        // Without the data of the lease, which may be large.
        const group = groups[at] ?? '';
        const holder = holders[at] ?? '';
        const place = ring[next];
        if (place === undefined) ring.push({ type, tenant, group, holder, atMs });
        else {
          place.type = type;
          place.tenant = tenant;
          place.group = group;
          place.holder = holder;
          place.atMs = atMs;
        }
        next = (next + 1) % max;
      }
    },
    find: ({ tenant, group, holder }) =>
      newestFirst()
        .filter(
          (one) =>
            one.tenant === tenant &&
            (group === undefined || one.group === group) &&
            (holder === undefined || one.holder === holder),
        )
        .map((one) => ({ ...one })),
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
