/** Changes of leases in the embedded store: each function is one atomic step. */
import type { Input, Result } from '../../commands.ts';
import { type TenantFull, TooManyGroups } from '../../driver.ts';
import type { DumpedLease } from '../../dumps.ts';
import type { BeatLease, TenantEvent } from '../../leases.ts';
import { defaultTtlMs } from '../../limits.ts';
import { refusalOf } from '../bounds.ts';
import { detach } from '../detach.ts';
import { guardsHold } from '../documents.ts';
import { recordEvent } from '../events/events.ts';
import { ended, type LeaseRecord, memberCount, type TenantRecord } from '../records.ts';
import { bytesOf, leaseSize } from '../sizes.ts';
import { deleteIfEmpty, dueOf, leaseNow, newGroup, nextInSequence, type State, tenantOf } from '../state.ts';
import { allHeld, exceedsGroups, holderName, leaseIn } from './holders.ts';
import { addLease, endLease, removeEnded, removeLease } from './membership.ts';

/** The result of a command, and the events that it caused. */
export interface Step<T> {
  readonly result: T;
  readonly events: readonly TenantEvent[];
}

/** The step changed something, but not all that it was to: its command is refused. */
export interface RefusedStep {
  readonly error: TenantFull;
  readonly events: readonly TenantEvent[];
}

const noEvents: readonly TenantEvent[] = [];
const stale: Result<'beat'> = { stale: true, leases: [] };

/** Renews and grants the leases of a holder. Leases for which the tenant has no room are left out, and the command is refused. */
export function beat(state: State, input: Input<'beat'>): Step<Result<'beat'>> | RefusedStep {
  if (input.guards !== undefined && !guardsHold(state, input.tenant, input.guards)) {
    return { result: stale, events: noEvents };
  }
  const now = leaseNow(state, input.tenant);
  const tenant = state.tenants.get(input.tenant);
  let held = tenant?.holders.get(input.holder);
  const groups = input.groups ?? allHeld(held).map((lease) => ({ group: lease.group.name }));
  if (input.grant && exceedsGroups(held, groups)) throw new TooManyGroups(input.holder);
  const leases: BeatLease[] = [];
  let events: TenantEvent[] | undefined;
  let error: TenantFull | undefined;
  for (const { group, data } of groups as readonly { group: string; data?: string }[]) {
    let lease = leaseIn(held, group);
    if (lease?.deadlineMs === ended) lease = undefined;
    if (lease !== undefined && lease.deadlineMs <= now) {
      events ??= [];
      events.push(endLease(state, lease, 'expired', now - lease.deadlineMs));
      // The holder's leases are looked up again after each change: a group may be named twice.
      held = lease.tenant.holders.get(input.holder);
      lease = undefined;
    }
    if (lease !== undefined) {
      const refusal = data === undefined ? undefined : refusalOfData(state, lease, data);
      if (refusal !== undefined) {
        error = refusal;
        continue;
      }
      const event = renew(state, lease, { now, ttlMs: input.ttlMs, data });
      if (event !== undefined) {
        events ??= [];
        events.push(event);
      }
      leases.push(beatLease(lease, 'renewed', input.returning));
    } else if (input.grant && input.groups !== undefined) {
      const bytes = leaseSize(group, input.holder, data);
      const refusal = refusalOf(state, { tenant: input.tenant, bytes });
      if (refusal !== undefined) {
        error = refusal;
        continue;
      }
      events ??= [];
      lease = grant(state, input, group, { now, data: data ?? null });
      events.push(recordEvent(state, lease, 'granted', 0));
      held = lease.tenant.holders.get(input.holder);
      leases.push(beatLease(lease, 'granted', input.returning));
    } else if (input.groups !== undefined) {
      leases.push(absentLease(tenant, group));
    }
  }
  if (events !== undefined && tenant !== undefined) deleteIfEmpty(state, tenant);
  if (error !== undefined) return { error, events: events ?? noEvents };
  return { result: { stale: false, leases }, events: events ?? noEvents };
}

function refusalOfData(
  state: State,
  { tenant, data }: LeaseRecord,
  next: string | null,
): TenantFull | undefined {
  if (data === next) return undefined;
  return refusalOf(state, { tenant: tenant.name, bytes: bytesOf(next) - bytesOf(data) });
}

function changeData(state: State, lease: LeaseRecord, data: string | null): void {
  const { data: before, tenant } = lease;
  const bytes = bytesOf(data) - bytesOf(before);
  state.undo?.push(() => {
    lease.data = before;
    tenant.bytes -= bytes;
  });
  lease.data = data;
  lease.version = data === null ? 0 : versionAfter(lease.version);
  tenant.bytes += bytes;
}

/** Returns the event if the renewal changed the lease's data. */
function renew(
  state: State,
  lease: LeaseRecord,
  { now, ttlMs, data }: { now: number; ttlMs: number | undefined; data: string | undefined },
): TenantEvent | undefined {
  if (state.undo !== undefined) {
    const { ttlMs: oldTtlMs, deadlineMs } = lease;
    state.undo.push(() => {
      Object.assign(lease, { ttlMs: oldTtlMs, deadlineMs });
      dueOf(state, lease.tenant.name).watch(lease);
    });
  }
  const isSameTtl = ttlMs === undefined || ttlMs === lease.ttlMs;
  if (!isSameTtl) lease.ttlMs = ttlMs;
  lease.deadlineMs = now + lease.ttlMs;
  if (lease.deadlineMs < lease.dueMs) dueOf(state, lease.tenant.name).watch(lease);
  if (data === undefined || data === lease.data) {
    if (isSameTtl) state.changes.leaseRenewed(lease);
    else state.changes.ttlChanged(lease);
    return undefined;
  }
  changeData(state, lease, detach(data));
  state.changes.leaseSet(lease);
  return recordEvent(state, lease, 'changed', 0);
}

function grant(
  state: State,
  input: Input<'beat'>,
  groupName: string,
  { now, data }: { now: number; data: string | null },
): LeaseRecord {
  const tenant = tenantOf(state, input.tenant);
  const group = tenant.groups.get(groupName) ?? newGroup(detach(groupName));
  const ttlMs = input.ttlMs ?? input.defaultTtlMs ?? defaultTtlMs;
  const lease: LeaseRecord = {
    kind: 'lease',
    tenant,
    group,
    holder: holderName(tenant.holders.get(input.holder)) ?? detach(input.holder),
    epoch: nextInSequence(state),
    ttlMs,
    data: data === null ? null : detach(data),
    version: 0,
    writtenMs: 0,
    row: 0,
    deadlineMs: now + ttlMs,
    dueMs: 0,
    slot: -1,
  };
  if (data !== null) lease.version = versionAfter(lease.epoch);
  const before = group.members.get(lease.holder);
  if (before !== undefined) removeEnded(before);
  const { revision } = group;
  state.undo?.push(() => {
    removeLease(state, lease);
    group.revision = revision;
  });
  addLease(state, lease);
  group.revision = lease.epoch;
  state.changes.leaseSet(lease);
  return lease;
}

/** Adds a lease as it is in a dump, without an event; the group has none of that holder. */
export function loadLease(
  state: State,
  tenant: TenantRecord,
  { lease: dumped, revision }: { readonly lease: DumpedLease; readonly revision: number | undefined },
): void {
  const { ttlMs, remainingMs, data } = dumped;
  const group = tenant.groups.get(dumped.group) ?? newGroup(detach(dumped.group));
  const lease: LeaseRecord = {
    ...{ kind: 'lease', tenant, group, ttlMs },
    holder: holderName(tenant.holders.get(dumped.holder)) ?? detach(dumped.holder),
    epoch: dumped.epoch === 0 ? nextInSequence(state) : dumped.epoch,
    data: data === null ? null : detach(data),
    // Not of the epoch, which may be that of a lease before the load.
    version: data === null ? 0 : versionAfter(nextInSequence(state)),
    ...{ writtenMs: 0, row: 0 },
    deadlineMs: leaseNow(state, tenant.name) + remainingMs,
    ...{ dueMs: 0, slot: -1 },
  };
  state.undo?.push(() => removeLease(state, lease));
  addLease(state, lease);
  group.revision = revision ?? Math.max(group.revision, lease.epoch);
  state.changes.leaseSet(lease);
}

/** Ends leases of a holder. */
export function release(state: State, input: Input<'release'>): Step<Result<'release'>> {
  const now = leaseNow(state, input.tenant);
  const tenant = state.tenants.get(input.tenant);
  const holders = tenant?.holders;
  const released: string[] = [];
  const events: TenantEvent[] = [];
  const all = allHeld(holders?.get(input.holder)).map(({ group }) => group.name);
  for (const group of input.groups ?? all.sort()) {
    const lease = leaseIn(holders?.get(input.holder), group);
    if (lease === undefined || lease.deadlineMs === ended) continue;
    if (lease.deadlineMs <= now) {
      events.push(endLease(state, lease, 'expired', now - lease.deadlineMs));
    } else {
      events.push(endLease(state, lease, input.asExpired === true ? 'expired' : 'released', 0));
      released.push(group);
    }
  }
  if (tenant !== undefined) deleteIfEmpty(state, tenant);
  return { result: released, events };
}

/** Changes the data of a live lease. */
export function setData(state: State, input: Input<'setData'>): Step<Result<'setData'>> {
  const lease = state.tenants.get(input.tenant)?.groups.get(input.group)?.members.get(input.holder);
  if (lease === undefined || lease.deadlineMs <= leaseNow(state, input.tenant)) {
    return { result: { live: false, changed: false }, events: noEvents };
  }
  if (lease.data === input.data) return { result: { live: true, changed: false }, events: noEvents };
  const refusal = refusalOfData(state, lease, input.data);
  if (refusal !== undefined) throw refusal;
  changeData(state, lease, input.data);
  state.changes.leaseSet(lease);
  const events = input.emitEvent === false ? noEvents : [recordEvent(state, lease, 'changed', 0)];
  return { result: { live: true, changed: true }, events };
}

/** Returns the version of data that follows on another one. */
const versionAfter = (version: number): number => (version % 16_383) + 1;

function absentLease(tenant: TenantRecord | undefined, group: string): BeatLease {
  const known = tenant?.groups.get(group);
  const revision = known === undefined || memberCount(known) === 0 ? 0 : known.revision;
  return { group, state: 'absent', epoch: 0, revision, data: null };
}

function beatLease(
  lease: LeaseRecord,
  state: 'granted' | 'renewed',
  returning: Input<'beat'>['returning'],
): BeatLease {
  const beaten: BeatLease = {
    group: lease.group.name,
    state,
    epoch: lease.epoch,
    revision: lease.group.revision,
    data: lease.data,
  };
  return returning === 'data' ? { ...beaten, version: lease.version } : beaten;
}
