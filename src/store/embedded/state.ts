/** What the embedded driver holds, and the changes to it that a file must remember. */

import { type LeaseClock, readLeaseClock } from '../runtime/lease-clock.ts';
import type { Append, EventKeeping, LeaseEvent, Tenant, TenantEvent } from '../store.ts';
import { eventsBelowTopic, leaseEventsTopic, maxWatchedLevels, watchedPrefixes } from '../store.ts';
import type { Due, DueHeap } from './due-heap.ts';
import type { Holders } from './holders.ts';

export interface LeaseRecord extends Due {
  readonly kind: 'lease';
  readonly tenant: TenantRecord;
  readonly group: GroupRecord;
  readonly holder: string;
  epoch: number;
  ttlMs: number;
  data: string | null;
}

export interface GroupRecord {
  readonly name: string;
  /** Of its steps. */
  readonly topic: string;
  revision: number;
  /** In the order of their grants: a map keeps it, since a lease that is granted again is put in anew. */
  readonly members: Map<string, LeaseRecord>;
}

export interface DocumentRecord extends Due {
  readonly kind: 'document';
  readonly tenant: TenantRecord;
  readonly collection: string;
  readonly key: string;
  version: number;
  value: string;
}

export interface Entry {
  readonly position: bigint;
  /** A lease event becomes bytes when somebody reads it: of most events nobody does. */
  payload: Uint8Array | TenantEvent;
}

export function sizeOf({ payload }: Entry): number {
  return payload instanceof Uint8Array ? payload.length : 0;
}

export function payloadOf(entry: Entry): Uint8Array {
  if (!(entry.payload instanceof Uint8Array)) {
    const { tenant: _, ...event } = entry.payload;
    entry.payload = Buffer.from(JSON.stringify(event));
  }
  return entry.payload;
}

export interface TopicRecord extends Due {
  readonly kind: 'topic';
  readonly tenant: TenantRecord;
  readonly name: string;
  /** Oldest first; those before `start` are already trimmed. */
  entries: Entry[];
  start: number;
  newest: bigint;
  /** Of the payloads that are kept; lease events are not counted. */
  bytes: number;
}

export interface TenantRecord {
  readonly name: Tenant;
  readonly groups: Map<string, GroupRecord>;
  readonly holders: Holders;
  readonly collections: Map<string, Map<string, DocumentRecord>>;
  readonly topics: Map<string, TopicRecord>;
  leases: number;
  documents: number;
}

/** Told of every change, in order; whoever keeps a file writes them down before the batch is answered. */
export interface ChangeLog {
  renewed(lease: LeaseRecord): void;
  lease(lease: LeaseRecord, held: boolean): void;
  document(document: DocumentRecord, kept: boolean): void;
  /** `trimmed`: the oldest position that is still kept. */
  appended(topic: TopicRecord, entry: Entry, trimmed: bigint): void;
  topicGone(topic: TopicRecord): void;
  dropped(tenant: Tenant): void;
}

export interface State {
  clock: LeaseClock;
  /** Wall time, ms since 1970. */
  readonly wallMs: () => number;
  /** Epochs, revisions and versions: never the same number twice. */
  sequence: number;
  /** The last timetoken that was given out, in whole microseconds. */
  lastMicros: number;
  readonly tenants: Map<Tenant, TenantRecord>;
  readonly due: DueHeap<LeaseRecord | DocumentRecord | TopicRecord>;
  readonly log: ChangeLog;
  readonly keeping: EventKeeping;
  /** Topics with something new since the last batch was answered. */
  appended: { tenant: Tenant; topic: string }[];
}

/** A deadline that never comes. */
export const never = Number.POSITIVE_INFINITY;

export function leaseNow(state: State): number {
  return readLeaseClock(state.clock, state.wallMs());
}

/** A fresh epoch, revision or version. */
export function nextInSequence(state: State): number {
  state.sequence += 1;
  return state.sequence;
}

/** A fresh timetoken: 17 digits in units of 100 ns, greater than every earlier one. */
export function nextTimetoken(state: State): bigint {
  state.lastMicros = Math.max(state.lastMicros + 1, Math.floor(state.wallMs() * 1_000));
  return BigInt(state.lastMicros) * 10n;
}

export function tenantOf(state: State, name: Tenant): TenantRecord {
  let tenant = state.tenants.get(name);
  if (tenant === undefined) {
    tenant = {
      name,
      groups: new Map(),
      holders: new Map(),
      collections: new Map(),
      topics: new Map(),
      leases: 0,
      documents: 0,
    };
    state.tenants.set(name, tenant);
  }
  return tenant;
}

/** A group that nobody is in yet. */
export function groupNamed(name: string): GroupRecord {
  return { name, topic: leaseEventsTopic(name), revision: 0, members: new Map() };
}

/** A tenant that holds nothing leaves nothing behind. */
export function forgetIfEmpty(state: State, tenant: TenantRecord): void {
  if (tenant.leases === 0 && tenant.documents === 0 && tenant.topics.size === 0) {
    state.tenants.delete(tenant.name);
  }
}

/** Puts an entry at the end of a topic and trims its head. */
export function appendEntry(
  state: State,
  tenant: TenantRecord,
  name: string,
  entry: Entry,
  keeping: Pick<Append, 'keepEntries' | 'keepBytes' | 'idleMs'>,
): void {
  let topic = tenant.topics.get(name);
  if (topic === undefined) {
    topic = {
      kind: 'topic',
      tenant,
      name,
      entries: [],
      start: 0,
      newest: 0n,
      bytes: 0,
      deadlineMs: never,
      dueMs: never,
      slot: -1,
    };
    tenant.topics.set(name, topic);
  }
  topic.entries.push(entry);
  topic.newest = entry.position;
  topic.bytes += sizeOf(entry);
  trimHead(topic, keeping);
  // Bytes that are limited are given back at once, entries that are small whenever there are enough of them.
  if (topic.start > (keeping.keepBytes === undefined ? 64 : 0) && topic.start * 2 > topic.entries.length) {
    topic.entries = topic.entries.slice(topic.start);
    topic.start = 0;
  }
  topic.deadlineMs = keeping.idleMs === undefined ? never : leaseNow(state) + keeping.idleMs;
  if (topic.deadlineMs !== never) state.due.watch(topic);
  else state.due.forget(topic);
  state.log.appended(topic, entry, topic.entries[topic.start]?.position ?? entry.position);
  const told = state.appended.at(-1);
  if (told?.topic !== name || told.tenant !== tenant.name)
    state.appended.push({ tenant: tenant.name, topic: name });
}

function trimHead(
  topic: TopicRecord,
  { keepEntries, keepBytes }: Pick<Append, 'keepEntries' | 'keepBytes'>,
): void {
  const most = keepBytes ?? Number.POSITIVE_INFINITY;
  const last = topic.entries.length - 1;
  while (topic.start < last && (last - topic.start >= keepEntries || topic.bytes > most)) {
    const entry = topic.entries[topic.start];
    if (entry !== undefined) topic.bytes -= sizeOf(entry);
    topic.start += 1;
  }
}

/** Records one step of a group's membership in its event topic and for the node's observers. */
export function recordEvent(
  state: State,
  lease: LeaseRecord,
  type: LeaseEvent['type'],
  lateMs: number,
): TenantEvent {
  const event: TenantEvent = {
    tenant: lease.tenant.name,
    type,
    group: lease.group.name,
    holder: lease.holder,
    epoch: lease.epoch,
    revision: lease.group.revision,
    count: lease.group.members.size,
    atMs: Math.floor(state.wallMs()),
    lateMs,
    data: lease.data,
  };
  const entry: Entry = { position: nextTimetoken(state), payload: event };
  appendEntry(state, lease.tenant, lease.group.topic, entry, state.keeping);
  for (const prefix of prefixesWatched(state, lease.tenant, lease.group.name)) {
    appendEntry(state, lease.tenant, eventsBelowTopic(prefix), entry, state.keeping);
  }
  return event;
}

function prefixesWatched(state: State, tenant: TenantRecord, group: string): string[] {
  const watched = tenant.collections.get(watchedPrefixes);
  const found: string[] = [];
  if (watched === undefined) return found;
  let dot = group.indexOf('.');
  for (let level = 0; level < maxWatchedLevels && dot !== -1; level += 1) {
    const prefix = group.slice(0, dot + 1);
    if ((watched.get(prefix)?.deadlineMs ?? 0) > leaseNow(state)) found.push(prefix);
    dot = group.indexOf('.', dot + 1);
  }
  return found;
}
