/** This node's copy of the topic of all events, as readers use it. */
import { makeSerialQueue } from '../../../protocols/kit/serial-queue.ts';
import type { Store, TopicEntry } from '../../../store/store.ts';
import type { EventLog, OperatorEvent } from '../events.ts';
import { eventsTopic, keptEvents, type ReadEvent, readEvent } from './event-topic.ts';

const pageSize = 500;
const pageBytes = 1_048_576;
/** Nodes whose last event is known, to skip what a node published twice. */
const maxNodes = 1_000;

export interface Mirror extends EventLog {
  /** Copies what was published before this call. Rejects with StoreUnavailable. */
  catchUp(): Promise<void>;
  /** The same, also if Redis lost what was copied before: sequence numbers then start again. */
  refresh(): Promise<void>;
}

export interface MirrorOptions {
  readonly store: Pick<Store, 'readTopics' | 'topicBounds'>;
  readonly tenant: string;
}

/** Makes an empty copy. */
export function makeMirror({ store, tenant }: MirrorOptions): Mirror {
  let kept: OperatorEvent[] = [];
  let newest = 0;
  let droppedThrough = 0;
  let gapThrough = 0;
  const serially = makeSerialQueue();
  const published = makePublished();
  const listeners = new Set<() => void>();

  const add = (entry: TopicEntry): void => {
    const position = Number(entry.position);
    // Positions are dense: what lies between was trimmed.
    if (position > newest + 1) droppedThrough = position - 1;
    newest = position;
    const read = readEvent(entry);
    if (read === undefined || !published.isNew(read)) return;
    if (read.event.type === 'gap') gapThrough = position;
    kept.push(read.event);
  };
  const trim = (): void => {
    if (kept.length < 2 * keptEvents) return;
    droppedThrough = kept[kept.length - keptEvents - 1]?.seq ?? droppedThrough;
    kept = kept.slice(-keptEvents);
  };
  /** Starts again if the topic is another one: Redis has lost it. */
  const checkTopic = async (): Promise<void> => {
    const [bounds] = await store.topicBounds({ tenant, topics: [eventsTopic] });
    if (bounds === undefined || Number(bounds.newest) >= newest) return;
    [kept, newest, droppedThrough, gapThrough] = [[], 0, 0, 0];
    published.clear();
  };

  const copy = async (): Promise<void> => {
    for (;;) {
      const topics = [{ topic: eventsTopic, after: BigInt(newest) }];
      const entries = await store.readTopics({ tenant, topics, limit: pageSize, maxBytes: pageBytes });
      if (entries.length === 0) return;
      for (const entry of entries) add(entry);
      trim();
      for (const listener of listeners) listener();
    }
  };

  return {
    get newest() {
      return newest;
    },
    get droppedThrough() {
      return droppedThrough;
    },
    get missingThrough() {
      return Math.max(droppedThrough, gapThrough);
    },
    read(after, limit) {
      const from = firstAfter(kept, after);
      return kept.slice(from, from + limit);
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    catchUp: () => serially('copy', copy),
    refresh: () => serially('copy', () => checkTopic().then(copy)),
  };
}

/** What each node published last, as far as is known: the reply to an append may have been lost, and the node has made it again. */
function makePublished() {
  const lastOf = new Map<string, number>();
  return {
    /** Whether a node published this event for the first time. */
    isNew({ node, n, event }: ReadEvent): boolean {
      if (event.type === 'gap') return true;
      if (n <= (lastOf.get(node) ?? 0)) return false;
      lastOf.delete(node);
      lastOf.set(node, n);
      if (lastOf.size > maxNodes) for (const oldest of lastOf.keys()) return lastOf.delete(oldest);
      return true;
    },
    clear: () => lastOf.clear(),
  };
}

/** Returns the index of the first event with a greater sequence number: they ascend. */
function firstAfter(events: readonly OperatorEvent[], after: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.seq ?? 0) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
