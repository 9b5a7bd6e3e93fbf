/** Topics in the embedded store. */
import type { Answer, Ask, TopicEntry } from '../store.ts';
import { leaseNow, payloadOf, type State, type TopicRecord } from './state.ts';

export function readTopics(state: State, ask: Ask<'readTopics'>): Answer<'readTopics'> {
  const topics = state.tenants.get(ask.tenant)?.topics;
  const found: TopicEntry[] = [];
  const now = leaseNow(state);
  for (const { topic: name, after } of ask.topics) {
    const topic = topics?.get(name);
    if (topic === undefined || topic.newest <= after || topic.deadlineMs <= now) continue;
    const first = firstAfter(topic, after);
    const last = Math.min(topic.entries.length, first + ask.limit);
    let left = ask.maxBytes ?? Number.POSITIVE_INFINITY;
    for (let at = first; at < last; at += 1) {
      const entry = topic.entries[at];
      if (entry === undefined) break;
      const payload = payloadOf(entry);
      left -= payload.length;
      if (left < 0 && at > first) break;
      found.push({ topic: name, position: entry.position, payload });
    }
  }
  if (ask.topics.length > 1)
    found.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
  return found.length > ask.limit ? found.slice(0, ask.limit) : found;
}

export function topicBounds(state: State, ask: Ask<'topicBounds'>): Answer<'topicBounds'> {
  const topics = state.tenants.get(ask.tenant)?.topics;
  const now = leaseNow(state);
  return ask.topics.map((name) => {
    const topic = topics?.get(name);
    if (topic === undefined || topic.deadlineMs <= now) return { oldest: 0n, newest: 0n, entries: 0 };
    return {
      oldest: topic.entries[topic.start]?.position ?? 0n,
      newest: topic.newest,
      entries: topic.entries.length - topic.start,
    };
  });
}

/** Index of the first kept entry with a greater position. */
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
