/** Reads leases and their groups back from the file. */
import { addHeld, holderName } from '../leases/holders.ts';
import type { GroupRecord, LeaseRecord, TenantRecord } from '../records.ts';
import { leaseSize } from '../sizes.ts';
import { dueOf, newGroup, type State, tenantOf } from '../state.ts';
import type { EndedLease, EndedLeases } from './ended-leases.ts';
import type { ReadRenewals, Renewals } from './renewals.ts';
import type { Statements, Value } from './statements.ts';

/** What the file holds leases in. */
export interface LeaseTables {
  readonly statements: Statements;
  readonly renewals: Renewals;
  readonly ended: EndedLeases;
}

export interface RestoredLeases {
  /** Those whose row is older than their last renewal. */
  readonly renewed: readonly LeaseRecord[];
  readonly lastLeaseRow: number;
  readonly lastGroupRow: number;
}

/** A group, and what its leases have in common. */
interface ReadGroup {
  readonly tenant: TenantRecord;
  readonly group: GroupRecord;
  readonly now: number;
}

/** Fills an empty state with the leases of the file; every deadline is `postponedMs` later than it was written. */
export function restoreLeases(tables: LeaseTables, state: State, postponedMs: number): RestoredLeases {
  const { statements } = tables;
  const renewals = tables.renewals.read();
  const ends = tables.ended.read();
  const endOf = mergeEnds(ends);
  const groups = readGroups(statements, state);
  const rows = new Map<number, EndedLease>();
  const renewed: LeaseRecord[] = [];
  let lastLeaseRow = renewals.lastRow;
  let lastGroupRow = 0;
  for (const row of groups.keys()) lastGroupRow = Math.max(lastGroupRow, row);
  for (const row of endOf.keys()) lastLeaseRow = Math.max(lastLeaseRow, row);
  // By row: the members of a group are in the order of their grants.
  const columns = 'id, group_id, holder, epoch, ttl_ms, deadline_ms, data';
  for (const values of statements.each(columns, 'held_leases')) {
    const row = Number(values[0]);
    const groupRow = Number(values[1]);
    const read = groups.get(groupRow);
    const revision = endOf.get(row);
    lastLeaseRow = Math.max(lastLeaseRow, row);
    lastGroupRow = Math.max(lastGroupRow, groupRow);
    if (revision !== undefined) {
      const { tenant, group } = read ?? groupWithoutRow(groupRow);
      group.revision = Math.max(group.revision, revision);
      rows.set(row, { row, tenant, group });
    } else if (read !== undefined) {
      const lease = restoreLease(state, read, values, { renewals, postponedMs });
      if (renewals.places.has(row)) renewed.push(lease);
    }
  }
  for (const [batch, leases] of ends)
    tables.ended.restore(
      batch,
      [...leases.keys()].flatMap((row) => rows.get(row) ?? []),
    );
  return { renewed, lastLeaseRow, lastGroupRow };
}

function mergeEnds(batches: ReturnType<EndedLeases['read']>): ReadonlyMap<number, number> {
  const merged = new Map<number, number>();
  for (const batch of batches.values()) for (const [row, revision] of batch) merged.set(row, revision);
  return merged;
}

/** Returns the groups by row. Those without a live lease are not in the state. */
function readGroups(statements: Statements, state: State): Map<number, ReadGroup> {
  const groups = new Map<number, ReadGroup>();
  for (const [id, tenantName, name, revision] of statements.each(
    'id, tenant, name, revision',
    'lease_groups',
  )) {
    const tenant = tenantOf(state, String(tenantName));
    const group = newGroup(String(name));
    group.revision = Number(revision);
    group.row = Number(id);
    groups.set(group.row, { tenant, group, now: tickedNow(state, tenant.name) });
  }
  return groups;
}

/** Returns a group whose row was deleted before those of its leases. */
function groupWithoutRow(row: number): Pick<EndedLease, 'tenant' | 'group'> {
  return { tenant: { name: '' }, group: { ...newGroup(''), row } };
}

/** Returns the tenant's reading at the last tick. */
function tickedNow({ clock, clocks }: State, tenant: string): number {
  const own = clocks.get(tenant);
  return own?.frozen?.leaseMs ?? clock.leaseMs + (own?.offsetMs ?? 0);
}

function restoreLease(
  state: State,
  { tenant, group, now }: ReadGroup,
  [row, , holderText, epoch, rowTtlMs, rowDeadlineMs, data]: readonly Value[],
  { renewals, postponedMs }: { readonly renewals: ReadRenewals; readonly postponedMs: number },
): LeaseRecord {
  const place = renewals.places.get(Number(row));
  const ttlMs = place === undefined ? Number(rowTtlMs) : (renewals.numbers[place + 1] ?? 0);
  const deadlineMs = place === undefined ? Number(rowDeadlineMs) : (renewals.numbers[place + 2] ?? 0);
  const writtenMs = deadlineMs + postponedMs;
  const held = tenant.holders.get(String(holderText));
  const lease: LeaseRecord = {
    kind: 'lease',
    tenant,
    group,
    holder: holderName(held) ?? String(holderText),
    epoch: Number(epoch),
    ttlMs,
    data: data === null || data === undefined ? null : String(data),
    version: data === null ? 0 : 1,
    writtenMs,
    row: Number(row),
    // A renewal is written with some slack, but no lease had more than its TTL left when the process ended.
    deadlineMs: Math.min(writtenMs, now + ttlMs),
    dueMs: 0,
    slot: -1,
  };
  if (group.members.size === 0) tenant.groups.set(group.name, group);
  group.members.set(lease.holder, lease);
  if (held === undefined) tenant.holders.set(lease.holder, lease);
  else addHeld(tenant.holders, lease);
  tenant.leases += 1;
  tenant.bytes += leaseSize(group.name, lease.holder, lease.data);
  dueOf(state, tenant.name).watch(lease);
  return lease;
}
