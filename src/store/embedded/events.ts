/** Events of leases: each goes to the topic of its group, and to those that copy the events of the group. */
import type { LeaseEvent, TenantEvent } from '../leases.ts';
import { eventCopies, maxCopyPrefixBytes } from '../limits.ts';
import type { Entry, LeaseRecord } from './records.ts';
import { leaseNow, nextTimetoken, type State } from './state.ts';
import { appendEntry } from './topics.ts';

/** Appends one event of a group's membership to its topics. Returns the event for the observers of this node. */
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
  appendEntry(state, lease.tenant, lease.group.topic, { entry, retention: state.eventRetention });
  for (const topic of copiesOf(state, lease)) {
    appendEntry(state, lease.tenant, topic, { entry, retention: state.eventRetention });
  }
  return event;
}

const noTopics: ReadonlySet<string> = new Set();

/** Returns the topics, apart from the group's own, that copy the events of a lease's group. */
function copiesOf(state: State, { tenant, group }: LeaseRecord): ReadonlySet<string> {
  const copies = tenant.collections.get(eventCopies);
  if (copies === undefined) return noTopics;
  const now = leaseNow(state);
  const topics = new Set<string>();
  const longest = Math.min(group.name.length, maxCopyPrefixBytes);
  for (let length = 0; length <= longest; length += 1) {
    const copy = copies.get(group.name.slice(0, length));
    if (copy === undefined || copy.deadlineMs <= now) continue;
    if (Buffer.byteLength(copy.key) <= maxCopyPrefixBytes) topics.add(copy.value);
  }
  topics.delete(group.topic);
  return topics;
}
