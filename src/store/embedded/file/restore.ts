/** Reads the state back from the file. */
import { DueHeap } from '../leases/due-heap.ts';
import { addHeld, holderName } from '../leases/holders.ts';
import type { DocumentRecord, LeaseRecord, TopicRecord, WatchRecord } from '../records.ts';
import { documentSize, leaseSize, topicSize } from '../sizes.ts';
import { dueOf, never, newGroup, type State, tenantOf } from '../state.ts';
import { deadlineOf } from './deadline-column.ts';
import type { Renewals } from './renewals.ts';
import type { Row, Statements } from './statements.ts';

/**
 * Fills an empty state with what the file holds; every deadline is `postponedMs` later than it was written. Returns the leases whose row
 * is older than their last renewal.
 */
export function restoreState(
  statements: Statements,
  renewals: Renewals,
  state: State,
  postponedMs: number,
): readonly LeaseRecord[] {
  restoreClocks(statements, state, postponedMs);
  const renewed = restoreLeases(statements, renewals, state, postponedMs);
  for (const row of statements.all('SELECT * FROM documents')) restoreDocument(state, row, postponedMs);
  for (const row of statements.all('SELECT * FROM topics')) {
    const entries = statements.all(
      'SELECT position, payload FROM entries WHERE tenant = ? AND topic = ? ORDER BY position',
      [String(row.tenant), String(row.topic)],
    );
    restoreTopic(state, row, entries, postponedMs);
  }
  for (const row of statements.all('SELECT * FROM watches')) restoreWatch(state, row, postponedMs);
  return renewed;
}

/** A frozen clock moves with the deadlines, so that what was left of a lease is left. */
function restoreClocks(statements: Statements, state: State, postponedMs: number): void {
  for (const row of statements.all('SELECT * FROM clocks')) {
    const frozen =
      row.lease_ms === null
        ? null
        : { leaseMs: Number(row.lease_ms) + postponedMs, dateMs: Number(row.date_ms) };
    state.clocks.set(String(row.tenant), {
      offsetMs: Number(row.offset_ms),
      frozen,
      lastMicros: Number(row.last_micros),
      due: new DueHeap(),
    });
  }
}

/** Returns the tenant's reading at the last tick. */
function tickedNow({ clock, clocks }: State, tenant: string): number {
  const own = clocks.get(tenant);
  return own?.frozen?.leaseMs ?? clock.leaseMs + (own?.offsetMs ?? 0);
}

function restoreLeases(
  statements: Statements,
  renewals: Renewals,
  state: State,
  postponedMs: number,
): readonly LeaseRecord[] {
  const last = renewals.read();
  const renewed: LeaseRecord[] = [];
  for (const row of statements.all('SELECT * FROM revisions')) {
    const group = newGroup(String(row.group));
    group.revision = Number(row.revision);
    tenantOf(state, String(row.tenant)).groups.set(group.name, group);
  }
  for (const row of statements.each('SELECT * FROM leases ORDER BY epoch')) {
    const tenant = tenantOf(state, String(row.tenant));
    const group = tenant.groups.get(String(row.group));
    if (group === undefined) continue;
    const epoch = Number(row.epoch);
    const renewal = last.get(epoch);
    const ttlMs = renewal?.ttlMs ?? Number(row.ttl_ms);
    const writtenMs = (renewal?.deadlineMs ?? Number(row.deadline_ms)) + postponedMs;
    const holder = String(row.holder);
    const lease: LeaseRecord = {
      kind: 'lease',
      tenant,
      group,
      holder: holderName(tenant.holders.get(holder)) ?? holder,
      epoch,
      ttlMs,
      data: row.data === null ? null : String(row.data),
      version: row.data === null ? 0 : 1,
      writtenMs,
      // A renewal is written with some slack, but no lease had more than its TTL left when the process ended.
      deadlineMs: Math.min(writtenMs, tickedNow(state, tenant.name) + ttlMs),
      dueMs: 0,
      slot: -1,
    };
    group.members.set(lease.holder, lease);
    addHeld(tenant.holders, lease);
    tenant.leases += 1;
    tenant.bytes += leaseSize(group.name, lease.holder, lease.data);
    dueOf(state, tenant.name).watch(lease);
    if (renewal !== undefined) renewed.push(lease);
  }
  return renewed;
}

function restoreDocument(state: State, row: Row, postponedMs: number): void {
  const tenant = tenantOf(state, String(row.tenant));
  const document: DocumentRecord = {
    kind: 'document',
    tenant,
    collection: String(row.collection),
    key: String(row.key),
    version: Number(row.version),
    value: String(row.value),
    deadlineMs: deadlineOf(row) + postponedMs,
    dueMs: never,
    slot: -1,
  };
  const collection = tenant.collections.get(document.collection) ?? new Map<string, DocumentRecord>();
  tenant.collections.set(document.collection, collection.set(document.key, document));
  tenant.documents += 1;
  tenant.bytes += documentSize(document);
  if (document.deadlineMs !== never) dueOf(state, tenant.name).watch(document);
}

function restoreTopic(state: State, row: Row, entries: readonly Row[], postponedMs: number): void {
  const tenant = tenantOf(state, String(row.tenant));
  const topic: TopicRecord = {
    kind: 'topic',
    tenant,
    name: String(row.topic),
    entries: entries.map(({ position, payload }) => ({
      position: position as bigint,
      payload: payload as Uint8Array,
      bytes: (payload as Uint8Array).length,
    })),
    start: 0,
    newest: row.newest as bigint,
    bytes: entries.reduce((total, { payload }) => total + (payload as Uint8Array).length, 0),
    deadlineMs: deadlineOf(row) + postponedMs,
    dueMs: never,
    slot: -1,
  };
  tenant.topics.set(topic.name, topic);
  tenant.bytes += topicSize(topic);
  if (topic.deadlineMs !== never) dueOf(state, tenant.name).watch(topic);
}

function restoreWatch(state: State, row: Row, postponedMs: number): void {
  const tenant = tenantOf(state, String(row.tenant));
  const watch: WatchRecord = {
    kind: 'watch',
    tenant: tenant.name,
    watched: row.watched === 'prefixes' ? 'prefixes' : 'groups',
    name: String(row.name),
    deadlineMs: deadlineOf(row) + postponedMs,
    dueMs: 0,
    slot: -1,
  };
  tenant.watches ??= { groups: new Map(), prefixes: new Map() };
  tenant.watches[watch.watched].set(watch.name, watch);
  state.due.watch(watch);
}
