/** The sweep of the embedded store. */
import type { EventRun } from '../../event-runs.ts';
import { readDate, readLeaseClock } from '../../runtime/lease-clock.ts';
import { endDocument } from '../documents.ts';
import { deleteWatch } from '../events/watches.ts';
import { removeOwnClock } from '../own-clocks.ts';
import type { DueItem, DueItems, LeaseRecord } from '../records.ts';
import { dateNow, deleteIfEmpty, leaseNow, never, type State } from '../state.ts';
import { endTopic } from '../topics.ts';
import { expireTogether, type SweepTime } from './expiries.ts';

/** Items with a deadline, the time of their clock, and whether that runs. */
interface Watched extends SweepTime {
  readonly due: DueItems;
  readonly runs: boolean;
}

/**
 * Looks at up to `budget` items that may be due: records expiries of leases in `expired`, deletes documents, topics and watches. Returns
 * whether more is due now.
 */
export function sweep(state: State, budget: number, expired: EventRun[]): boolean {
  for (const [tenant, own] of state.clocks)
    if (own.offsetMs === 0 && own.frozen === null) removeOwnClock(state, tenant, own);
  const all = watchedBy(state);
  const before = expired.length;
  let left = budget;
  for (const watched of all) left -= takeDue(state, watched, { expired, budget: left });
  // What each clock has is in order already.
  if (all.length > 1) {
    const step = expired.splice(before);
    expired.push(...step.sort((a, b) => b.lateMs - a.lateMs));
  }
  return left === 0 && all.some(({ due, now }) => due.isBehind(now));
}

/** Returns the ms until something may be due on a clock that runs; Infinity if nothing will be. */
export function untilNextDue(state: State): number {
  let untilMs = never;
  for (const { due, now, runs } of watchedBy(state))
    if (runs) untilMs = Math.min(untilMs, due.earliestMs - now);
  return untilMs;
}

function watchedBy(state: State): readonly Watched[] {
  const { frozen } = state.clock;
  const wallMs = state.wallMs();
  const now = readLeaseClock(state.clock, wallMs);
  const common = { due: state.due, now, atMs: Math.floor(readDate(state.clock, wallMs)), runs: !frozen };
  if (state.clocks.size === 0) return [common];
  const own = [...state.clocks].map(([tenant, clock]) => ({
    due: clock.due,
    now: leaseNow(state, tenant),
    atMs: Math.floor(dateNow(state, tenant)),
    runs: !frozen && clock.frozen === null,
  }));
  return [common, ...own];
}

/** Returns how many items it looked at: as many may be postponed as were renewed. */
function takeDue(
  state: State,
  watched: Watched,
  { expired, budget }: { readonly expired: EventRun[]; readonly budget: number },
): number {
  let seen = 0;
  while (seen < budget) {
    const items: DueItem[] = [];
    const looked = watched.due.takeDue(watched.now, budget - seen, items);
    if (looked === 0) break;
    seen += looked;
    if (areAlike(items)) {
      expired.push(expireTogether(state, items, watched));
      continue;
    }
    const leases = items.filter((item) => item.kind === 'lease');
    if (leases.length < items.length)
      for (const item of items) if (item.kind !== 'lease') deleteItem(state, item);
    for (const alike of Map.groupBy(leases, ({ tenant }) => tenant).values())
      expired.push(expireTogether(state, alike, watched));
  }
  return seen;
}

/** Returns whether items, at least one, are all leases of one tenant, as thousands that end together mostly are. */
function areAlike(items: readonly DueItem[]): items is readonly LeaseRecord[] {
  const [first] = items;
  if (first?.kind !== 'lease') return false;
  for (const item of items) if (item.kind !== 'lease' || item.tenant !== first.tenant) return false;
  return true;
}

function deleteItem(state: State, item: Exclude<DueItem, LeaseRecord>): void {
  if (item.kind === 'watch') {
    deleteWatch(state, item);
    return;
  }
  if (item.kind === 'document') endDocument(state, item);
  else endTopic(state, item);
  deleteIfEmpty(state, item.tenant);
}
