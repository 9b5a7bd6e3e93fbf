/** Expiries that a sweep finds: they are recorded first, and their leases removed when nothing more is due. */
import { beginRun, type EventRun, eventAt } from '../../event-runs.ts';
import { appendEvent } from '../events/events.ts';
import { ended, type LeaseRecord, memberCount } from '../records.ts';
import { dueOf, isEmpty, nextInSequence, type State } from '../state.ts';
import { removeEnded } from './membership.ts';

/** When a sweep runs: its reading of a tenant's lease clock, and the tenant's date then, ms since 1970. */
export interface SweepTime {
  readonly now: number;
  readonly atMs: number;
}

/**
 * Ends due leases of one tenant that had the same deadline, at least one. They stay where they are until `removeSomeEnded`: for reads and
 * commands they are gone. Returns their events.
 */
export function expireTogether(
  state: State,
  leases: readonly LeaseRecord[],
  { now, atMs }: SweepTime,
): EventRun {
  const [first] = leases;
  if (first === undefined) throw new RangeError('there are no leases to end');
  const { tenant, deadlineMs } = first;
  const length = leases.length;
  const revisionsBefore: number[] = new Array(state.undo === undefined ? 0 : length);
  state.undo?.push(() => revive(state, leases, { deadlineMs, revisionsBefore }));
  const run = beginRun({ tenant: tenant.name, type: 'expired', atMs, lateMs: now - deadlineMs }, length);
  for (let at = 0; at < length; at += 1) {
    const lease = leases[at] ?? first;
    const { group } = lease;
    lease.deadlineMs = ended;
    if (state.undo !== undefined) revisionsBefore[at] = group.revision;
    group.ended += 1;
    group.revision = nextInSequence(state);
    state.ended.push(lease);
    run.holders[at] = lease.holder;
    run.groups[at] = group.name;
    run.epochs[at] = lease.epoch;
    run.revisions[at] = group.revision;
    run.counts[at] = memberCount(group);
    run.data[at] = lease.data;
  }
  state.changes.leasesEnded(leases, run.revisions);
  if (tenant.watches !== undefined) {
    for (const [at, { group }] of leases.entries())
      appendEvent(state, tenant, group.name, { payload: eventAt(run, at), retention: state.eventRetention });
  }
  return run;
}

/** Brings back what `expireTogether` ended. */
function revive(
  state: State,
  leases: readonly LeaseRecord[],
  {
    deadlineMs,
    revisionsBefore,
  }: { readonly deadlineMs: number; readonly revisionsBefore: readonly number[] },
): void {
  state.ended.length -= leases.length;
  // In reverse: leases may be of one group, whose revision was first that of before the first of them.
  for (let at = leases.length - 1; at >= 0; at -= 1) {
    const lease = leases[at];
    if (lease === undefined) continue;
    lease.deadlineMs = deadlineMs;
    lease.group.ended -= 1;
    lease.group.revision = revisionsBefore[at] ?? lease.group.revision;
    dueOf(state, lease.tenant.name).watch(lease);
  }
}

/**
 * Removes up to `most` of the leases that have ended. Returns whether there are more. It is no change of what is stored: it is never reverted,
 * and must not run within a step.
 */
export function removeSomeEnded(state: State, most: number): boolean {
  for (let removed = 0; removed < most; removed += 1) {
    const lease = state.ended.pop();
    if (lease === undefined) return false;
    const { tenant, group, holder } = lease;
    // Else it was replaced by another grant.
    if (group.members.get(holder) === lease) removeEnded(lease);
    // Its tenant may have been dropped, and another one have its name.
    if (isEmpty(tenant) && tenant.watches === undefined && state.tenants.get(tenant.name) === tenant)
      state.tenants.delete(tenant.name);
  }
  return state.ended.length > 0;
}
