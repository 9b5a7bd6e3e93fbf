/** Announcements, and what nodes answer to them. */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../protocols/kit/validate.ts';
import type { Append, Store, TopicEntry } from '../../store/store.ts';
import { jsonOfEntry } from './entry-json.ts';

const acksTopic = 'acks';
const keptAcks = 1_000;
/** An answer that is dropped before it is read counts as none. */
const keptAckBytes = 16 * 1_024 * 1_024;
/** How long a node is waited for that says nothing, and one that said that its answer will follow, ms. */
const maxSilentMs = 1_000;
const maxLateMs = 6_000;

/** What the entry of a change says; nodes of other versions may write what this one does not know. */
export const Announcement = Type.Object({ part: Type.String(), announced: Type.Unknown() });
export type Announcement = Static<typeof Announcement>;
const isAnnouncement = guard(Announcement);

const Ack = Type.Object({
  node: Type.String(),
  seen: Type.String({
    pattern: '^\\d{1,20}$',
    description: 'the node has applied all changes up to this position',
  }),
  answers: Type.Record(Type.String(), Type.Unknown(), { description: 'by the position of the change' }),
  late: Type.Optional(
    Type.Array(Type.String(), { description: 'positions of the changes whose answers follow by themselves' }),
  ),
});
export type Ack = Static<typeof Ack>;
const isAck = guard(Ack);

/** Returns what a change announced; for an unknown form, something that no part is asked about. */
export function readAnnouncement(entry: TopicEntry): Announcement & { position: bigint } {
  const value = jsonOfEntry(entry);
  const { position } = entry;
  return isAnnouncement(value) ? { ...value, position } : { part: '', announced: null, position };
}

/** Returns the append of an answer. */
export function appendAck(ack: Ack): Append {
  return {
    topic: acksTopic,
    payload: Buffer.from(JSON.stringify(ack)),
    keepEntries: keptAcks,
    keepBytes: keptAckBytes,
  };
}

export interface Acks {
  /**
   * Resolves with the answers to the change at a position when all these nodes have given theirs. A node that says nothing is waited for
   * a second, and one whose answer follows some seconds.
   */
  wait(position: bigint, nodes: ReadonlySet<string>): Promise<readonly unknown[]>;
}

/** Makes the reader of answers. */
export function makeAcks({
  store,
  tenant,
  monotonicMs,
}: {
  readonly store: Store;
  readonly tenant: string;
  monotonicMs(): number;
}): Acks {
  return {
    async wait(position, nodes) {
      const startMs = monotonicMs();
      const silent = new Set(nodes);
      const late = new Set<string>();
      const answers: unknown[] = [];
      const take = ({ node, seen, answers: given, late: following = [] }: Ack): void => {
        if (!nodes.has(node)) return;
        const isAnswered = Object.hasOwn(given, String(position));
        if (isAnswered) answers.push(given[String(position)]);
        if (isAnswered || BigInt(seen) >= position) silent.delete(node);
        if (isAnswered) late.delete(node);
        else if (following.includes(String(position))) late.add(node);
      };
      let after = position;
      for (;;) {
        const topics = [{ topic: acksTopic, after }];
        for (const entry of await store.readTopics({ tenant, topics, limit: keptAcks })) {
          after = entry.position;
          const ack = jsonOfEntry(entry);
          if (isAck(ack)) take(ack);
        }
        const takenMs = monotonicMs() - startMs;
        if (takenMs >= maxSilentMs) silent.clear();
        const timeoutMs = (silent.size > 0 ? maxSilentMs : maxLateMs) - takenMs;
        if ((silent.size === 0 && late.size === 0) || timeoutMs <= 0) return answers;
        await store.wait({ tenant, topics: [{ topic: acksTopic, after }], timeoutMs });
      }
    },
  };
}
