/** Topics in the embedded store. */
import type { Input, Result } from '../commands.ts';
import type { Append, TopicEntry } from '../documents.ts';
import { entryOverheadBytes } from '../limits.ts';
import { type Entry, payloadOf, type Revert, type TenantRecord, type TopicRecord } from './records.ts';
import { newTopicSize, topicSize } from './sizes.ts';
import { dueOf, leaseNow, never, type State } from './state.ts';

/** Number of trimmed entries from which a topic's array is shortened. */
const minTrimmed = 64;

/** How much of a topic is kept. */
export type Retention = Pick<Append, 'keepEntries' | 'keepBytes' | 'idleMs'>;

/** Appends an entry to a topic and trims the topic. */
export function appendEntry(
  state: State,
  tenant: TenantRecord,
  name: string,
  { entry, retention }: { readonly entry: Entry; readonly retention: Retention },
): void {
  const topic = tenant.topics.get(name) ?? newTopic(state, tenant, name);
  if (state.undo !== undefined) state.undo.push(restoreOf(state, topic));
  const sizeBefore = topic.bytes + entryOverheadBytes * (topic.entries.length - topic.start);
  topic.entries.push(entry);
  topic.newest = entry.position;
  topic.bytes += entry.bytes;
  trim(topic, retention);
  tenant.bytes += topic.bytes + entryOverheadBytes * (topic.entries.length - topic.start) - sizeBefore;
  topic.deadlineMs = retention.idleMs === undefined ? never : leaseNow(state, tenant.name) + retention.idleMs;
  watchTopic(state, topic);
  state.changes.entryAppended(topic, entry, topic.entries[topic.start]?.position ?? entry.position);
  const last = state.appended.at(-1);
  if (last?.topic !== name || last.tenant !== tenant.name) {
    state.appended.push({ tenant: tenant.name, topic: name });
  }
}

/** Adds a topic with its entries, oldest first, as it is in a dump; the tenant has none of that name. */
export function loadTopic(
  state: State,
  tenant: TenantRecord,
  loaded: { readonly topic: string; readonly remainingMs: number | null; readonly entries: readonly Entry[] },
): void {
  const topic = newTopic(state, tenant, loaded.topic);
  topic.deadlineMs = loaded.remainingMs === null ? never : leaseNow(state, tenant.name) + loaded.remainingMs;
  watchTopic(state, topic);
  const [oldest] = loaded.entries;
  for (const entry of loaded.entries) {
    topic.entries.push(entry);
    topic.newest = entry.position;
    topic.bytes += entry.bytes;
    tenant.bytes += entryOverheadBytes + entry.bytes;
    state.changes.entryAppended(topic, entry, oldest?.position ?? entry.position);
  }
}

function watchTopic(state: State, topic: TopicRecord): void {
  const due = dueOf(state, topic.tenant.name);
  if (topic.deadlineMs === never) due.remove(topic);
  else due.watch(topic);
}

/** Returns what brings a topic back to how it is now, before an entry is appended. */
function restoreOf(state: State, topic: TopicRecord): Revert {
  const { entries, start, newest, bytes, deadlineMs } = topic;
  const { length } = entries;
  return () => {
    topic.tenant.bytes -= topicSize(topic);
    entries.length = length;
    Object.assign(topic, { entries, start, newest, bytes, deadlineMs });
    topic.tenant.bytes += topicSize(topic);
    watchTopic(state, topic);
  };
}

/** Ends a topic that is due. */
export function endTopic(state: State, topic: TopicRecord): void {
  const { tenant } = topic;
  tenant.topics.delete(topic.name);
  tenant.bytes -= topicSize(topic);
  state.undo?.push(() => {
    tenant.topics.set(topic.name, topic);
    tenant.bytes += topicSize(topic);
    watchTopic(state, topic);
  });
  state.changes.topicDeleted(topic);
}

function newTopic(state: State, tenant: TenantRecord, name: string): TopicRecord {
  const topic: TopicRecord = {
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
  tenant.bytes += newTopicSize(name);
  state.undo?.push(() => {
    tenant.topics.delete(name);
    tenant.bytes -= topicSize(topic);
    dueOf(state, topic.tenant.name).remove(topic);
  });
  return topic;
}

function trim(topic: TopicRecord, { keepEntries, keepBytes }: Retention): void {
  const maxBytes = keepBytes ?? Number.POSITIVE_INFINITY;
  const last = topic.entries.length - 1;
  while (topic.start < last && (last - topic.start >= keepEntries || topic.bytes > maxBytes)) {
    const entry = topic.entries[topic.start];
    if (entry !== undefined) topic.bytes -= entry.bytes;
    topic.start += 1;
  }
  // Where bytes are limited the memory is released at once, else when half of the array is trimmed.
  if (topic.start > (keepBytes === undefined ? minTrimmed : 0) && topic.start * 2 > topic.entries.length) {
    topic.entries = topic.entries.slice(topic.start);
    topic.start = 0;
  }
}

/** Returns entries of several topics, in order of position. */
export function readTopics(state: State, input: Input<'readTopics'>): Result<'readTopics'> {
  const topics = state.tenants.get(input.tenant)?.topics;
  const found: TopicEntry[] = [];
  const now = leaseNow(state, input.tenant);
  for (const { topic: name, after } of input.topics) {
    const topic = topics?.get(name);
    if (topic === undefined || topic.newest <= after || topic.deadlineMs <= now) continue;
    const first = firstAfter(topic, after);
    const last = Math.min(topic.entries.length, first + input.limit);
    let bytesLeft = input.maxBytes ?? Number.POSITIVE_INFINITY;
    for (let at = first; at < last && bytesLeft >= 0; at += 1) {
      const entry = topic.entries[at];
      if (entry === undefined) break;
      const payload = payloadOf(entry);
      bytesLeft -= payload.length;
      found.push({ topic: name, position: entry.position, payload });
    }
  }
  if (input.topics.length > 1)
    found.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
  return found.slice(0, countWithin(found, input));
}

/** Returns how many entries are within the limits of a read. */
function countWithin(found: readonly TopicEntry[], { limit, maxBytes }: Input<'readTopics'>): number {
  let bytesLeft = maxBytes ?? Number.POSITIVE_INFINITY;
  for (const [at, { payload }] of found.entries()) {
    bytesLeft -= payload.length;
    if (at >= limit || (bytesLeft < 0 && at > 0)) return at;
  }
  return found.length;
}

/** Returns the oldest and newest position of topics. */
export function topicBounds(state: State, input: Input<'topicBounds'>): Result<'topicBounds'> {
  const topics = state.tenants.get(input.tenant)?.topics;
  const now = leaseNow(state, input.tenant);
  return input.topics.map((name) => {
    const topic = topics?.get(name);
    if (topic === undefined || topic.deadlineMs <= now) return { oldest: 0n, newest: 0n, entries: 0 };
    return {
      oldest: topic.entries[topic.start]?.position ?? 0n,
      newest: topic.newest,
      entries: topic.entries.length - topic.start,
    };
  });
}

/** Returns the index of the first entry with a greater position. */
function firstAfter(topic: TopicRecord, after: bigint): number {
  let low = topic.start;
  let high = topic.entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const position = topic.entries[middle]?.position;
    if (position !== undefined && position <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
