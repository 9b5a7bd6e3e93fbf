/** Adds leases to their groups and removes them, with what counts them. */
import type { TenantEvent } from '../../leases.ts';
import { appendEvent, eventOf, recordEvent } from '../events/events.ts';
import { ended, type GroupRecord, type LeaseRecord } from '../records.ts';
import { leaseSize } from '../sizes.ts';
import { dueOf, isEmpty, nextInSequence, type State } from '../state.ts';
import { addHeld, removeHeld } from './holders.ts';

/** Adds a lease to its group, its holder and its tenant. */
export function addLease(state: State, lease: LeaseRecord): void {
  const { tenant, group, holder } = lease;
  group.members.set(holder, lease);
  tenant.groups.set(group.name, group);
  addHeld(tenant.holders, lease);
  tenant.leases += 1;
  tenant.bytes += leaseSize(group.name, holder, lease.data);
  dueOf(state, lease.tenant.name).watch(lease);
}

/** Removes a lease from its group, its holder and its tenant, without a record of it. */
export function removeLease(state: State, lease: LeaseRecord): void {
  remove(lease);
  if (lease.slot !== -1) dueOf(state, lease.tenant.name).remove(lease);
}

function remove(lease: LeaseRecord): void {
  const { tenant, group, holder } = lease;
  group.members.delete(holder);
  removeHeld(tenant.holders, lease);
  if (group.members.size === 0) tenant.groups.delete(group.name);
  tenant.leases -= 1;
  tenant.bytes -= leaseSize(group.name, holder, lease.data);
}

/** Removes a lease and records why. Returns the event. */
export function endLease(
  state: State,
  lease: LeaseRecord,
  type: 'released' | 'expired',
  lateMs: number,
): TenantEvent {
  const { revision } = lease.group;
  state.undo?.push((disordered) => revive(state, lease, revision, disordered));
  end(state, lease);
  return recordEvent(state, lease, type, lateMs);
}

/** When a sweep runs: its reading of a tenant's lease clock, and the tenant's date then, ms since 1970. */
export interface SweepTime {
  readonly now: number;
  readonly atMs: number;
}

/** What a step ended, as it was before. */
interface EndedInStep {
  readonly leases: LeaseRecord[];
  readonly deadlines: number[];
  readonly revisions: number[];
}

/**
 * Returns a function that ends due leases of one step and returns their events. They stay where they are until `removeSomeEnded`: for reads and
 * commands they are gone. All of them have one record for their undo.
 */
export function expirer(state: State): (lease: LeaseRecord, time: SweepTime) => TenantEvent {
  const step: EndedInStep = { leases: [], deadlines: [], revisions: [] };
  return (lease, { now, atMs }) => {
    const { group, tenant, deadlineMs } = lease;
    if (state.undo !== undefined) {
      if (step.leases.length === 0) state.undo.push(() => reviveAll(state, step));
      step.leases.push(lease);
      step.deadlines.push(deadlineMs);
      step.revisions.push(group.revision);
    }
    lease.deadlineMs = ended;
    group.ended += 1;
    group.revision = nextInSequence(state);
    state.ended.push(lease);
    state.changes.leaseEnded(lease);
    const event = eventOf(lease, 'expired', { lateMs: now - deadlineMs, atMs });
    if (tenant.watches !== undefined)
      appendEvent(state, tenant, group.name, { payload: event, retention: state.eventRetention });
    return event;
  };
}

/** Brings back what a step ended. */
function reviveAll(state: State, { leases, deadlines, revisions }: EndedInStep): void {
  state.ended.length -= leases.length;
  for (let at = leases.length - 1; at >= 0; at -= 1) {
    const lease = leases[at];
    if (lease === undefined) continue;
    lease.deadlineMs = deadlines[at] ?? 0;
    lease.group.ended -= 1;
    lease.group.revision = revisions[at] ?? 0;
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

/** Removes a lease that has ended. */
export function removeEnded(lease: LeaseRecord): void {
  lease.group.ended -= 1;
  remove(lease);
}

function end(state: State, lease: LeaseRecord): void {
  removeLease(state, lease);
  lease.group.revision = nextInSequence(state);
  state.changes.leaseEnded(lease);
}

/** Brings back a lease that ended. */
function revive(state: State, lease: LeaseRecord, revision: number, disordered: Set<GroupRecord>): void {
  const { group } = lease;
  addLease(state, lease);
  group.revision = revision;
  if (group.members.size > 1) disordered.add(group);
}
