/** Events that one step recorded, in runs of those that are alike: thousands of leases may end in one step. */
import type { TenantEvent } from './leases.ts';

/** Events in a row that have these in common, and of each event the rest, in columns. Most are never read one by one. */
export interface EventRun extends Pick<TenantEvent, 'tenant' | 'type' | 'atMs' | 'lateMs'> {
  /** Of each event; all columns have the same length. */
  readonly holders: readonly string[];
  readonly groups: readonly string[];
  readonly epochs: readonly number[];
  readonly revisions: readonly number[];
  readonly counts: readonly number[];
  readonly data: readonly (string | null)[];
}

/** Returns one event of a run. Throws RangeError if it has none at the index. */
export function eventAt(run: EventRun, index: number): TenantEvent {
  const { tenant, type, atMs, lateMs } = run;
  const [group, holder] = [run.groups[index], run.holders[index]];
  if (group === undefined || holder === undefined) throw new RangeError(`there is no event ${index}`);
  return {
    ...{ tenant, type, group, holder },
    epoch: run.epochs[index] ?? 0,
    revision: run.revisions[index] ?? 0,
    count: run.counts[index] ?? 0,
    ...{ atMs, lateMs },
    data: run.data[index] ?? null,
  };
}

/** Returns the events of a run, in order. */
export function eventsOf(run: EventRun): TenantEvent[] {
  return run.holders.map((_, index) => eventAt(run, index));
}

/** Returns the number of events in runs. */
export function countEvents(runs: readonly EventRun[]): number {
  return runs.reduce((total, { holders }) => total + holders.length, 0);
}

/** What the events of a run have in common. */
export type CommonToRun = Pick<EventRun, 'tenant' | 'type' | 'atMs' | 'lateMs'>;

/** A run whose columns are being filled. */
export interface UnfinishedRun extends EventRun {
  readonly holders: string[];
  readonly groups: string[];
  readonly epochs: number[];
  readonly revisions: number[];
  readonly counts: number[];
  readonly data: (string | null)[];
}

/** Returns a run whose columns have places for so many events. All runs are made here, so that compiled code knows one shape of them. */
export function beginRun({ tenant, type, atMs, lateMs }: CommonToRun, length: number): UnfinishedRun {
  return {
    tenant,
    type,
    atMs,
    lateMs,
    holders: new Array(length),
    groups: new Array(length),
    epochs: new Array(length),
    revisions: new Array(length),
    counts: new Array(length),
    data: new Array(length),
  };
}

/** Returns events as runs, in the same order. */
export function runsOf(events: readonly TenantEvent[]): EventRun[] {
  const runs: UnfinishedRun[] = [];
  for (const event of events) {
    let run = runs.at(-1);
    if (run === undefined || !isAlike(run, event)) {
      run = beginRun(event, 0);
      runs.push(run);
    }
    run.holders.push(event.holder);
    run.groups.push(event.group);
    run.epochs.push(event.epoch);
    run.revisions.push(event.revision);
    run.counts.push(event.count);
    run.data.push(event.data);
  }
  return runs;
}

const isAlike = (one: CommonToRun, other: CommonToRun): boolean =>
  one.tenant === other.tenant &&
  one.type === other.type &&
  one.atMs === other.atMs &&
  one.lateMs === other.lateMs;
