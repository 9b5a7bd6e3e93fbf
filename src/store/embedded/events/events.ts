/** Events of leases: each goes to the event topics of its group that are watched. */
import { leaseEventsBelowTopic, leaseEventsTopic } from '../../documents.ts';
import type { LeaseEvent, TenantEvent } from '../../leases.ts';
import { maxWatchedPrefixBytes } from '../../limits.ts';
import { type Entry, type LeaseRecord, memberCount, type TenantRecord } from '../records.ts';
import { payloadSize } from '../sizes.ts';
import { dateNow, nextTimetoken, partitionNow, type State } from '../state.ts';
import { appendEntry, type Retention } from '../topics.ts';

/** Records one event of a group's membership. Returns the event for the observers of this node. */
export function recordEvent(
  state: State,
  lease: LeaseRecord,
  type: LeaseEvent['type'],
  lateMs: number,
): TenantEvent {
  const event = eventOf(lease, type, { lateMs, atMs: Math.floor(dateNow(state, lease.tenant.name)) });
  appendEvent(state, lease.tenant, lease.group.name, { payload: event, retention: state.eventRetention });
  return event;
}

/** Returns an event of a group's membership as it is now. `atMs`: the tenant's date. */
export function eventOf(
  { tenant, group, holder, epoch, data }: LeaseRecord,
  type: LeaseEvent['type'],
  { lateMs, atMs }: Pick<LeaseEvent, 'lateMs' | 'atMs'>,
): TenantEvent {
  return {
    tenant: tenant.name,
    type,
    group: group.name,
    holder,
    epoch,
    revision: group.revision,
    count: memberCount(group),
    atMs,
    lateMs,
    data,
  };
}

/** Appends the grant of a live lease that was made before its group was watched, as if it happened now. */
export function appendOwnGrant(state: State, lease: LeaseRecord): void {
  const { tenant, group, holder, epoch, data } = lease;
  const payload: TenantEvent = {
    tenant: tenant.name,
    type: 'granted',
    group: group.name,
    holder,
    epoch,
    revision: epoch,
    count: memberCount(group),
    atMs: Math.floor(dateNow(state, tenant.name)),
    lateMs: 0,
    data,
  };
  appendEvent(state, tenant, group.name, { payload, retention: state.eventRetention });
}

/** Appends an event to the event topics of a group that are watched, at one fresh timetoken; to none if none is. */
export function appendEvent(
  state: State,
  tenant: TenantRecord,
  group: string,
  { payload, retention }: { readonly payload: Entry['payload']; readonly retention: Retention },
): void {
  const topics = eventTopicsOf(state, tenant, group);
  if (topics.length === 0) return;
  const position = nextTimetoken(state, tenant.name);
  const entry: Entry = { position, payload, bytes: payloadSize(payload) };
  for (const topic of topics) appendEntry(state, tenant, topic, { entry, retention });
}

const noTopics: readonly string[] = [];

/** Returns the topics that get the events of a group now. */
export function eventTopicsOf(state: State, { watches }: TenantRecord, group: string): readonly string[] {
  if (watches === undefined) return noTopics;
  const now = partitionNow(state);
  const topics: string[] = [];
  if ((watches.groups.get(group)?.deadlineMs ?? 0) > now) topics.push(leaseEventsTopic(group));
  if (watches.prefixes.size === 0) return topics;
  const longest = Math.min(group.length, maxWatchedPrefixBytes);
  for (let length = 0; length <= longest; length += 1) {
    const watch = watches.prefixes.get(group.slice(0, length));
    if (watch !== undefined && watch.deadlineMs > now) topics.push(leaseEventsBelowTopic(watch.name));
  }
  return topics;
}
