/** Adds leases to their groups and removes them, with what counts them. */
import type { TenantEvent } from '../../leases.ts';
import { recordEvent } from '../events/events.ts';
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

/** Removes a lease that has ended. */
export function removeEnded(lease: LeaseRecord): void {
  lease.group.ended -= 1;
  remove(lease);
}

function end(state: State, lease: LeaseRecord): void {
  removeLease(state, lease);
  lease.group.revision = nextInSequence(state);
  state.changes.leasesEnded([lease], [lease.group.revision]);
}

/** Brings back a lease that ended. */
function revive(state: State, lease: LeaseRecord, revision: number, disordered: Set<GroupRecord>): void {
  const { group } = lease;
  addLease(state, lease);
  group.revision = revision;
  if (group.members.size > 1) disordered.add(group);
}
