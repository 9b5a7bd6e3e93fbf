/** Reads the state back from the file. */
import { DueQueue } from '../leases/due-queue.ts';
import type { DocumentRecord, TopicRecord, WatchRecord } from '../records.ts';
import { documentSize, topicSize, watchSize } from '../sizes.ts';
import { deleteIfEmpty, dueOf, never, type State, tenantOf } from '../state.ts';
import { deadlineOf } from './deadline-column.ts';
import { type LeaseTables, type RestoredLeases, restoreLeases } from './restore-leases.ts';
import type { Row, Statements } from './statements.ts';

/** Fills an empty state with what the file holds; every deadline is `postponedMs` later than it was written. */
export function restoreState(tables: LeaseTables, state: State, postponedMs: number): RestoredLeases {
  const { statements } = tables;
  restoreClocks(statements, state, postponedMs);
  const restored = restoreLeases(tables, state, postponedMs);
  for (const row of statements.all('SELECT * FROM documents')) restoreDocument(state, row, postponedMs);
  for (const row of statements.all('SELECT * FROM topics')) {
    const entries = statements.all(
      'SELECT position, payload FROM entries WHERE tenant = ? AND topic = ? ORDER BY position',
      [String(row.tenant), String(row.topic)],
    );
    restoreTopic(state, row, entries, postponedMs);
  }
  for (const row of statements.all('SELECT * FROM watches')) restoreWatch(state, row, postponedMs);
  // Groups whose leases have all ended may have a row still.
  for (const tenant of state.tenants.values()) deleteIfEmpty(state, tenant);
  return restored;
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
      due: new DueQueue(),
    });
  }
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
  tenant.bytes += watchSize(watch.name);
  state.due.watch(watch);
}
