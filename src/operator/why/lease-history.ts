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

/** Changes in a row that are alike, without the data of the leases, which may be large. */
type Run = Pick<EventRun, 'tenant' | 'groups' | 'holders'> & Pick<PastLease, 'type' | 'atMs'>;

/** Makes a history of at most `max` entries. Runs are kept as they come: a mass expiry makes nothing per lease. */
export function makeLeaseHistory(max = defaultMax): LeaseHistory {
  /** Oldest first. Those before `first` are dropped; of that one only the newest entries may be within `max`. */
  let runs: Run[] = [];
  let first = 0;
  let size = 0;
  const newestFirst = function* (): Generator<PastLease> {
    let left = max;
    for (const { type, tenant, groups, holders, atMs } of runs.slice(first).reverse())
      for (let at = holders.length - 1; at >= 0 && left > 0; at -= 1, left -= 1)
        yield { type, tenant, group: groups[at] ?? '', holder: holders[at] ?? '', atMs };
  };
  const oldestLength = (): number => runs[first]?.holders.length ?? 0;
  const trim = (): void => {
    while (size - oldestLength() >= max) {
      size -= oldestLength();
      first += 1;
    }
    // To move what is left for each run that is dropped would take longer, the more there are.
    if (first <= runs.length / 2) return;
    runs = runs.slice(first);
    first = 0;
  };
  return {
    record(run) {
      const { type, tenant, atMs, lateMs } = run;
      if (type === 'changed') return;
      // A part of columns would keep all of them.
      const isLong = run.holders.length > max;
      const groups = isLong ? run.groups.slice(-max) : run.groups;
      const holders = isLong ? run.holders.slice(-max) : run.holders;
      // An expiry happened at its deadline.
      runs.push({ type, tenant, groups, holders, atMs: atMs - lateMs });
      size += holders.length;
      trim();
    },
    find: ({ tenant, group, holder }) =>
      [...newestFirst()].filter(
        (one) =>
          one.tenant === tenant &&
          (group === undefined || one.group === group) &&
          (holder === undefined || one.holder === holder),
      ),
    forget(tenant) {
      runs = tenant === undefined ? [] : runs.slice(first).filter((run) => run.tenant !== tenant);
      first = 0;
      size = runs.reduce((total, { holders }) => total + holders.length, 0);
    },
  };
}
