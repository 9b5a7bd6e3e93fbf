/** Reads of topics and watches of events, as the scripts in `lua/topics` take and reply to them. */
import type { CommandName } from '../../commands.ts';
import type { TopicEntry } from '../../documents.ts';
import { type Codec, list, number, tenantRefusal, text } from './codec.ts';
import { eventEntries } from './events.ts';

type TopicCommand = Extract<CommandName, 'readTopics' | 'topicBounds' | 'watchEvents'>;

const maxId = (1n << 64n) - 1n;

/**
 * Returns the nearest position that a stream's id can have. Clients name others as well; Redis would refuse such an id, and
 * with it every read of the batch, while the nearest one yields the same entries.
 */
function clampPosition(position: bigint): bigint {
  if (position < 0n) return 0n;
  return position > maxId ? maxId : position;
}

export const topics: { readonly [N in TopicCommand]: Codec<N> } = {
  readTopics: {
    raw: true,
    encode({ tenant, topics, limit, maxBytes }, to) {
      to.push(tenant, limit, maxBytes ?? '', topics.length);
      for (const { topic, after } of topics) to.push(topic, String(clampPosition(after)));
    },
    decode(reply, { topics, limit }) {
      const entries: TopicEntry[] = [];
      for (const [at, found] of list(reply).entries()) {
        const fields = list(found);
        const { topic, after } = topics[at] ?? { topic: '', after: 0n };
        for (let field = 0; field < fields.length; field += 3) {
          const position = BigInt(text(fields[field]));
          const payload = fields[field + 2] as Buffer;
          if (text(fields[field + 1]) === 'p') entries.push({ topic, position, payload });
          else entries.push(...eventEntries(topic, position, payload).filter((one) => one.position > after));
        }
      }
      if (topics.length > 1)
        entries.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
      return entries.slice(0, limit);
    },
  },
  watchEvents: {
    changesLeases: true,
    encode({ tenant, groups, prefixes, forMs, own }, to) {
      to.push(tenant, forMs, own?.holder ?? '', own?.since ?? 0);
      to.push(groups.length, ...groups, prefixes.length, ...prefixes);
    },
    decode(reply) {
      const [timetoken, sequence] = list(reply);
      return { timetoken: BigInt(text(timetoken)), sequence: number(sequence) };
    },
    refusal: (reply, { tenant }) => tenantRefusal(reply, tenant),
  },
  topicBounds: {
    encode({ tenant, topics }, to) {
      to.push(tenant, topics.length, ...topics);
    },
    decode: (reply) =>
      list(reply).map((bounds) => {
        const [oldest, newest, entries] = list(bounds);
        return { oldest: BigInt(text(oldest)), newest: BigInt(text(newest)), entries: number(entries) };
      }),
  },
};
