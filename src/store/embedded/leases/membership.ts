/** Adds leases to their groups and removes them, with what counts them. */
import type { TenantEvent } from '../../leases.ts';
import { appendEvent, eventOf, recordEvent } from '../events/events.ts';
import type { GroupRecord, LeaseRecord } from '../records.ts';
import { leaseSize } from '../sizes.ts';
import { dueOf, nextInSequence, type State } from '../state.ts';
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
  const { tenant, group, holder } = lease;
  group.members.delete(holder);
  removeHeld(tenant.holders, lease);
  if (group.members.size === 0) tenant.groups.delete(group.name);
  tenant.leases -= 1;
  tenant.bytes -= leaseSize(group.name, holder, lease.data);
  if (lease.slot !== -1) dueOf(state, tenant.name).remove(lease);
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

/** Returns a function that ends due leases of one step and returns their events. All of them have one record for their undo. */
export function expirer(state: State): (lease: LeaseRecord, time: SweepTime) => TenantEvent {
  const ended: LeaseRecord[] = [];
  const revisions: number[] = [];
  return (lease, { now, atMs }) => {
    if (state.undo !== undefined) {
      if (ended.length === 0) state.undo.push((disordered) => reviveAll(state, ended, revisions, disordered));
      ended.push(lease);
      revisions.push(lease.group.revision);
    }
    end(state, lease);
    const event = eventOf(lease, 'expired', { lateMs: now - lease.deadlineMs, atMs });
    if (lease.tenant.watches !== undefined)
      appendEvent(state, lease.tenant, lease.group.name, { payload: event, retention: state.eventRetention });
    return event;
  };
}

function end(state: State, lease: LeaseRecord): void {
  removeLease(state, lease);
  lease.group.revision = nextInSequence(state);
  state.changes.leaseEnded(lease);
}

function reviveAll(
  state: State,
  leases: readonly LeaseRecord[],
  revisions: readonly number[],
  disordered: Set<GroupRecord>,
): void {
  for (let at = leases.length - 1; at >= 0; at -= 1) {
    const lease = leases[at];
    if (lease !== undefined) revive(state, lease, revisions[at] ?? 0, disordered);
  }
}

/** Brings back a lease that ended. */
function revive(state: State, lease: LeaseRecord, revision: number, disordered: Set<GroupRecord>): void {
  const { group } = lease;
  addLease(state, lease);
  group.revision = revision;
  if (group.members.size > 1) disordered.add(group);
}
