/** The events of all nodes, as entries of one topic. */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../../protocols/kit/validate.ts';
import type { Append, TopicEntry } from '../../../store/store.ts';
import { jsonOfEntry } from '../../nodes/entry-json.ts';
import type { OperatorEvent } from '../events.ts';

/** The topic; its dense positions are the sequence numbers that readers see, on every node. */
export const eventsTopic = 'events';
/** Events of all nodes that are kept. */
export const keptEvents = 4_000;

const PublishedEvent = Type.Object({
  node: Type.String(),
  n: Type.Integer({ description: 'sequence number of the event on its node' }),
  event: Type.Object({ type: Type.String(), at: Type.String() }),
});
type PublishedEvent = Static<typeof PublishedEvent>;
const isPublished = guard(PublishedEvent);

/** Returns the append of an event of a node. */
export function appendEvent(node: string, { seq, ...event }: OperatorEvent): Append {
  const published: PublishedEvent = { node, n: seq, event };
  return {
    topic: eventsTopic,
    payload: Buffer.from(JSON.stringify(published)),
    after: 0n,
    keepEntries: keptEvents,
  };
}

/** An event as read from the topic. */
export interface ReadEvent {
  readonly node: string;
  readonly n: number;
  readonly event: OperatorEvent;
}

/** Returns the event of an entry; undefined for what no node of this version writes. */
export function readEvent(entry: TopicEntry): ReadEvent | undefined {
  const value = jsonOfEntry(entry);
  if (!isPublished(value)) return undefined;
  return { node: value.node, n: value.n, event: { seq: Number(entry.position), ...value.event } };
}
