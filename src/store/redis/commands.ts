/** Each command as a script takes and answers it. One entry per kind; the scripts do the work. */
import type { Answer, Ask, CommandName, Guard, Lease, Members, TopicEntry } from '../store.ts';
import { beats } from './beats.ts';
import type { Reply, ScriptArgument } from './scripts.ts';
import { stepEntries } from './steps.ts';

export interface Codec<N extends CommandName> {
  /** Adds one item of a batch to the script's arguments. */
  encode(ask: Ask<N>, to: ScriptArgument[]): void;
  /** In place of `encode`: adds the whole batch. */
  encodeBatch?(asks: readonly Ask<N>[], to: ScriptArgument[]): void;
  decode(reply: Reply, ask: Ask<N>): Answer<N>;
  /** The script begins with how event topics are kept, and answers `{ answers, tenant, steps, … }`. */
  readonly changesLeases?: true;
  /** Answers hold bytes that are no text, as those do that tell of steps. */
  readonly raw?: true;
  /** In place of `decode`: all answers of the batch come in one reply. */
  decodeBatch?(reply: Buffer, asks: readonly Ask<N>[]): Answer<N>[];
}

type Codecs = { readonly [N in CommandName]: Codec<N> };

const list = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);
const text = (reply: Reply | undefined): string => String(reply ?? '');
const number = (reply: Reply | undefined): number => Number(reply ?? 0);

function encodeGuards(guards: readonly Guard[] | undefined, to: ScriptArgument[]): void {
  to.push(guards?.length ?? 0);
  for (const { collection, key, version } of guards ?? []) to.push(collection, key, version);
}

const lastId = (1n << 64n) - 1n;

/**
 * What stands for a position in a stream's ids. Clients name positions that no stream can have, and Redis refuses such an id,
 * and with it every read of the batch; the nearest one reads the same.
 */
function idOf(position: bigint): bigint {
  if (position < 0n) return 0n;
  return position > lastId ? lastId : position;
}

/** `fields`: remaining ms, TTL, epoch, data or null. */
function leaseOf(group: string, holder: string, fields: readonly Reply[]): Lease {
  const [remainingMs, ttlMs, epoch, data = null] = fields;
  return {
    group,
    holder,
    remainingMs: number(remainingMs),
    ttlMs: number(ttlMs),
    epoch: number(epoch),
    data: data === null ? null : text(data),
  };
}

export const codecs: Codecs = {
  beat: beats,
  release: {
    changesLeases: true,
    encode({ tenant, holder, groups, asExpired }, to) {
      to.push(
        tenant,
        holder,
        asExpired === true ? 'expired' : 'released',
        groups?.length ?? -1,
        ...(groups ?? []),
      );
    },
    decode: (reply) => list(reply).map(text),
  },
  setData: {
    changesLeases: true,
    encode({ tenant, group, holder, data, quiet }, to) {
      to.push(tenant, group, holder, data === null ? '0' : '1', data ?? '', quiet === true ? '1' : '0');
    },
    decode: (reply) => ({ live: number(reply) > 0, changed: number(reply) === 2 }),
  },
  read: {
    encode({ tenant, group, holder }, to) {
      to.push(tenant, group, holder);
    },
    decode(reply, { group, holder }) {
      if (reply === null) return null;
      return leaseOf(group, holder, list(reply));
    },
  },
  members: {
    encode({ tenant, group, limit }, to) {
      to.push(tenant, group, limit > 0 ? '1' : '0');
    },
    decode(reply, { group, offset, limit }): Members {
      const [count, revision, ...fields] = list(reply);
      const leases: Lease[] = [];
      for (let at = 0; at < fields.length; at += 5) {
        leases.push(leaseOf(group, text(fields[at]), fields.slice(at + 1, at + 5)));
      }
      leases.sort((a, b) => a.epoch - b.epoch);
      // Without anybody the revision of a group whose dead nobody has swept yet is of no use, and the same as none.
      return {
        count: number(count),
        revision: number(revision),
        leases: leases.slice(offset, offset + limit),
      };
    },
  },
  count: {
    encode({ tenant, groups }, to) {
      to.push(tenant, groups.length, ...groups);
    },
    decode: (reply) => list(reply).map(number),
  },
  groups: {
    encode({ tenant, after, limit }, to) {
      to.push(tenant, after === undefined ? '0' : '1', after ?? '', limit);
    },
    decode: (reply) => list(reply).map(text),
  },
  groupsOf: {
    encode({ tenant, holder }, to) {
      to.push(tenant, holder);
    },
    decode: (reply) => list(reply).map(text).sort(),
  },
  readDocuments: {
    encode({ tenant, documents }, to) {
      to.push(tenant, documents.length);
      for (const { collection, key } of documents) to.push(collection, key);
    },
    decode: (reply, { documents }) =>
      list(reply).map((found, at) => {
        if (found === null) return null;
        const [version, value] = list(found);
        return { key: documents[at]?.key ?? '', version: number(version), value: text(value) };
      }),
  },
  listDocuments: {
    encode({ tenant, collection }, to) {
      to.push(tenant, collection);
    },
    decode(reply) {
      const fields = list(reply);
      return Array.from({ length: fields.length / 3 }, (_, at) => ({
        key: text(fields[3 * at]),
        version: number(fields[3 * at + 1]),
        value: text(fields[3 * at + 2]),
      })).sort((a, b) => (a.key < b.key ? -1 : 1));
    },
  },
  commit: {
    encode({ tenant, guards, writes = [], appends = [] }, to) {
      to.push(tenant);
      encodeGuards(guards, to);
      to.push(writes.length);
      for (const { collection, key, version, value, ttlMs } of writes) {
        to.push(collection, key, version ?? '', value === null ? '0' : '1', value ?? '', ttlMs ?? '');
      }
      to.push(appends.reduce((count, { also = [] }) => count + 1 + also.length, 0));
      for (const { topic, also = [], payload, after, ...keeping } of appends) {
        const bytes = Buffer.from(payload);
        const kept = [keeping.keepEntries, keeping.keepBytes ?? '', keeping.idleMs ?? ''];
        to.push(topic, bytes, after === undefined ? '' : String(after), ...kept);
        for (const another of also) to.push(another, bytes, '=', ...kept);
      }
    },
    decode(reply) {
      if (reply === null) return { committed: false, versions: [], positions: [] };
      const [versions, positions] = list(reply);
      return {
        committed: true,
        versions: list(versions).map(number),
        positions: list(positions).map((position) => BigInt(text(position))),
      };
    },
  },
  readTopics: {
    raw: true,
    encode({ tenant, topics, limit, maxBytes }, to) {
      to.push(tenant, limit, maxBytes ?? '', topics.length);
      for (const { topic, after } of topics) to.push(topic, String(idOf(after)));
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
          else entries.push(...stepEntries(topic, position, payload).filter((one) => one.position > after));
        }
      }
      if (topics.length > 1)
        entries.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
      return entries.slice(0, limit);
    },
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
  now: {
    encode({ tenant }, to) {
      to.push(tenant);
    },
    decode(reply) {
      const [leaseMs, wallMs, timetoken] = list(reply);
      return { leaseMs: number(leaseMs), wallMs: number(wallMs), timetoken: BigInt(text(timetoken)) };
    },
  },
  drop: {
    encode({ tenant }, to) {
      to.push(tenant);
    },
    decode: () => null,
  },
};
