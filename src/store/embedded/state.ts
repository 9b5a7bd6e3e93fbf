/** The state of the embedded driver: its clock, its sequences and its tenants. */
import type { EventRetention } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { tenantResetTopic } from '../limits.ts';
import { type LeaseClock, readDate, readLag, readLeaseClock } from '../runtime/lease-clock.ts';
import type {
  DocumentRecord,
  DueItems,
  GroupRecord,
  LeaseRecord,
  OwnClock,
  Revert,
  TenantRecord,
  TopicRecord,
  Watches,
} from './records.ts';
import { ended } from './records.ts';
import { watchSize } from './sizes.ts';
import type { ChangeLog } from './steps/change-log.ts';

export interface State {
  clock: LeaseClock;
  /** Wall time, ms since 1970. */
  readonly wallMs: () => number;
  /** The last epoch, revision or version; no number is used twice. */
  sequence: number;
  /** The last timetoken that was assigned, in whole microseconds. */
  lastMicros: number;
  readonly tenants: Map<Tenant, TenantRecord>;
  /** What has a deadline, of all tenants without a clock of their own. */
  readonly due: DueItems;
  /** Leases that ended and are to be removed. Those that another grant has replaced in the meantime are already. */
  readonly ended: LeaseRecord[];
  /** Clocks of tenants that were moved or frozen by themselves. */
  readonly clocks: Map<Tenant, OwnClock>;
  readonly changes: ChangeLog;
  /** Reverts each change of the present batch, in order; undefined: nothing is ever reverted, as there is no file. */
  undo: Revert[] | undefined;
  readonly eventRetention: EventRetention;
  /** Maximum of the bytes of a tenant, and maximum number of tenants; Infinity: none. */
  readonly maxTenantBytes: number;
  readonly maxTenants: number;
  /** Topics with new entries since the last batch was completed. */
  appended: { tenant: Tenant; topic: string }[];
}

/** A deadline that never comes. */
export const never = Number.POSITIVE_INFINITY;

/** Returns the readings of a tenant's own clock at a wall time. `clock`: that of the partition. */
export function readOwnClock(
  clock: LeaseClock,
  { frozen, offsetMs }: Pick<OwnClock, 'frozen' | 'offsetMs'>,
  wallMs: number,
): { readonly leaseMs: number; readonly dateMs: number } {
  if (frozen !== null) return frozen;
  const leaseMs = readLeaseClock(clock, wallMs) + offsetMs;
  return { leaseMs, dateMs: leaseMs + readLag(clock, wallMs) };
}

/** Returns the reading of the partition's lease clock now, ms. */
export function partitionNow(state: State): number {
  return readLeaseClock(state.clock, state.wallMs());
}

/** Returns the reading of a tenant's lease clock now, ms. */
export function leaseNow(state: State, tenant: Tenant): number {
  const own = ownClockOf(state, tenant);
  const wallMs = state.wallMs();
  return own === undefined
    ? readLeaseClock(state.clock, wallMs)
    : readOwnClock(state.clock, own, wallMs).leaseMs;
}

/** Returns the tenant's date, ms since 1970. */
export function dateNow(state: State, tenant: Tenant): number {
  const own = ownClockOf(state, tenant);
  const wallMs = state.wallMs();
  return own === undefined ? readDate(state.clock, wallMs) : readOwnClock(state.clock, own, wallMs).dateMs;
}

/** Returns the queue in which the items of a tenant are watched. */
export function dueOf(state: State, tenant: Tenant): DueItems {
  return ownClockOf(state, tenant)?.due ?? state.due;
}

function ownClockOf({ clocks }: State, tenant: Tenant): OwnClock | undefined {
  return clocks.size === 0 ? undefined : clocks.get(tenant);
}

/** Returns a fresh epoch, revision or version. */
export function nextInSequence(state: State): number {
  state.sequence += 1;
  return state.sequence;
}

/** Returns a fresh timetoken: 17 digits in units of 100 ns, greater than every earlier one of the tenant. */
export function nextTimetoken(state: State, tenant: Tenant): bigint {
  return takeTimetokens(state, tenant, 1);
}

/** Returns a timetoken that is not below any earlier one of the tenant and below every later one. */
export function readTimetoken(state: State, tenant: Tenant): bigint {
  return takeTimetokens(state, tenant, 0);
}

function takeTimetokens(state: State, tenant: Tenant, many: 0 | 1): bigint {
  const own = ownClockOf(state, tenant);
  const clock = own ?? state;
  clock.lastMicros = Math.max(clock.lastMicros + many, Math.floor(dateNow(state, tenant) * 1_000));
  if (own !== undefined && many > 0) state.changes.clockSet(tenant, own);
  return BigInt(clock.lastMicros) * 10n;
}

/** Returns the tenant's record; creates it if there is none. */
export function tenantOf(state: State, name: Tenant): TenantRecord {
  let tenant = state.tenants.get(name);
  if (tenant === undefined) {
    tenant = {
      name,
      groups: new Map(),
      holders: new Map(),
      collections: new Map(),
      topics: new Map(),
      watches: undefined,
      leases: 0,
      documents: 0,
      bytes: 0,
    };
    state.tenants.set(name, tenant);
    state.undo?.push(() => state.tenants.delete(name));
  }
  return tenant;
}

/** Returns the record of a group without members. */
export function newGroup(name: string): GroupRecord {
  return { name, revision: 0, row: 0, members: new Map(), ended: 0 };
}

/** Returns all leases that have not ended, due ones included. Leases may be granted and end between two steps. */
export function* allLeases(state: State): Generator<LeaseRecord, void> {
  for (const tenant of state.tenants.values()) {
    for (const group of tenant.groups.values()) yield* heldIn(group);
  }
}

/** Returns the members of a group that have not ended. */
export function* heldIn({ members }: GroupRecord): Generator<LeaseRecord, void> {
  for (const lease of members.values()) if (lease.deadlineMs !== ended) yield lease;
}

/** Deletes the record of a tenant that holds nothing: a tenant that is not there counts for nothing. */
export function deleteIfEmpty(state: State, tenant: TenantRecord): void {
  if (!isEmpty(tenant) || tenant.watches !== undefined) return;
  state.tenants.delete(tenant.name);
  state.undo?.push(() => state.tenants.set(tenant.name, tenant));
}

/** Returns whether a tenant holds nothing, apart from watches. */
export function isEmpty({ leases, documents, topics }: TenantRecord): boolean {
  return leases === 0 && documents === 0 && topics.size === 0;
}

/** Deletes all data of a tenant but its watches, without events. */
export function dropTenant(state: State, name: Tenant): void {
  state.appended.push({ tenant: name, topic: tenantResetTopic });
  const tenant = state.tenants.get(name);
  if (tenant === undefined) return;
  const due = dueOf(state, name);
  for (const item of itemsOf(tenant)) due.remove(item);
  state.tenants.delete(name);
  state.undo?.push(() => restoreTenant(state, tenant));
  if (tenant.watches !== undefined) keepWatches(tenantOf(state, name), tenant.watches);
  state.changes.tenantDropped(tenant);
}

function keepWatches(tenant: TenantRecord, watches: Watches): void {
  tenant.watches = watches;
  for (const names of [watches.groups, watches.prefixes])
    for (const name of names.keys()) tenant.bytes += watchSize(name);
}

/** Brings back a tenant that was dropped. */
function restoreTenant(state: State, tenant: TenantRecord): void {
  state.tenants.set(tenant.name, tenant);
  const due = dueOf(state, tenant.name);
  for (const item of itemsOf(tenant)) if (item.deadlineMs !== never) due.watch(item);
}

/** Everything of a tenant that may have a deadline. */
export function* itemsOf(tenant: TenantRecord): Generator<LeaseRecord | DocumentRecord | TopicRecord> {
  for (const group of tenant.groups.values()) yield* heldIn(group);
  for (const documents of tenant.collections.values()) yield* documents.values();
  yield* tenant.topics.values();
}
