/** Each command as a script takes and answers it. One entry per kind; the scripts do the work. */
import type {
  Answer,
  Ask,
  BeatLease,
  CommandName,
  Guard,
  Lease,
  LeaseEvent,
  Members,
  TenantEvent,
  TopicEntry,
} from '../store.ts';
import type { Reply, ScriptArgument } from './scripts.ts';

export interface Codec<N extends CommandName> {
  /** Adds one item of a batch to the script's arguments. */
  encode(ask: Ask<N>, to: ScriptArgument[]): void;
  /** In place of `encode`: adds the whole batch. */
  encodeBatch?(asks: readonly Ask<N>[], to: ScriptArgument[]): void;
  decode(reply: Reply, ask: Ask<N>): Answer<N>;
  /** The script begins with how event topics are kept, and answers `{ answers, tenant, events, … }`. */
  readonly changesLeases?: true;
  /** Answers hold bytes that are no text. */
  readonly raw?: true;
  /** In place of `decode`: all answers of the batch come in one reply. Needs `raw`. */
  decodeBatch?(reply: Buffer, asks: readonly Ask<N>[]): Answer<N>[];
}

type Codecs = { readonly [N in CommandName]: Codec<N> };

const list = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);
const text = (reply: Reply | undefined): string => String(reply ?? '');
const number = (reply: Reply | undefined): number => Number(reply ?? 0);

const defaultTtlMs = 60_000;

function encodeGuards(guards: readonly Guard[] | undefined, to: ScriptArgument[]): void {
  to.push(guards?.length ?? 0);
  for (const { collection, key, version } of guards ?? []) to.push(collection, key, version);
}

/** A lease as it is packed in a group's hash: `<deadline>|<ttl>|<epoch>|`, then `0`, or `1` and the data. */
function unpackLease(packed: string): { ttlMs: number; epoch: number; data: string | null } {
  const first = packed.indexOf('|');
  const second = packed.indexOf('|', first + 1);
  const third = packed.indexOf('|', second + 1);
  return {
    ttlMs: Number(packed.slice(first + 1, second)),
    epoch: Number(packed.slice(second + 1, third)),
    data: packed[third + 1] === '1' ? packed.slice(third + 2) : null,
  };
}

/**
 * The form of a beat: everything but names and data.
 * `<ttl or nothing>,<default ttl>,<grant 1 or 0>,<brief 1 or 0>,<guards>,<1 with data or 0 per group; * for all that are held>`
 */
function formOf({ groups, ttlMs, defaultTtlMs: fallbackMs, grant, brief, guards }: Ask<'beat'>): string {
  let withData = '*';
  if (groups !== undefined) {
    withData = '';
    for (const { data } of groups) withData += data === undefined ? '0' : '1';
  }
  const flags = `${grant ? 1 : 0},${brief === true ? 1 : 0}`;
  return `${ttlMs ?? ''},${fallbackMs ?? defaultTtlMs},${flags},${guards?.length ?? 0},${withData}`;
}

/** Whether two beats differ in names and data only. */
function isSameForm(a: Ask<'beat'>, b: Ask<'beat'>): boolean {
  if (
    a.tenant !== b.tenant ||
    a.ttlMs !== b.ttlMs ||
    a.defaultTtlMs !== b.defaultTtlMs ||
    a.grant !== b.grant ||
    a.brief !== b.brief ||
    a.groups?.length !== b.groups?.length ||
    a.guards?.length !== b.guards?.length
  ) {
    return false;
  }
  for (let at = 0; at < (a.groups?.length ?? 0); at += 1) {
    if ((a.groups?.[at]?.data === undefined) !== (b.groups?.[at]?.data === undefined)) return false;
  }
  return (a.guards ?? []).every((guard, at) => {
    const other = b.guards?.[at];
    return (
      guard.key === other?.key && guard.version === other.version && guard.collection === other.collection
    );
  });
}

const states = { g: 'granted', r: 'renewed', a: 'absent' } as const;

/** Takes texts off the front of a longer one. */
function textReader(text: string): { take(length: number): string; until(): string; counted(): string } {
  let at = 0;
  const until = (): string => {
    const end = text.indexOf(';', at);
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  return {
    take(length) {
      at += length;
      return text.slice(at - length, at);
    },
    /** Up to the next semicolon. */
    until,
    /** `<length>;` and so many characters. */
    counted() {
      const end = Number(until()) + at;
      const found = text.slice(at, end);
      at = end;
      return found;
    },
  };
}

/** UTF-8 that was read one byte a character. */
function utf8(latin1: string): string {
  return /[\u0080-\u00ff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1;
}

export const codecs: Codecs = {
  beat: {
    changesLeases: true,
    encode() {},
    encodeBatch(asks, to) {
      let first: Ask<'beat'> | undefined;
      let countAt = 0;
      let count = 0;
      for (const ask of asks) {
        if (first !== undefined && isSameForm(first, ask)) count += 1;
        else {
          first = ask;
          count = 1;
          countAt = to.push(ask.tenant, formOf(ask), count) - 1;
          for (const { collection, key, version } of ask.guards ?? []) to.push(collection, key, version);
        }
        to[countAt] = count;
        to.push(ask.holder);
        for (const { group, data } of ask.groups ?? []) {
          to.push(group);
          if (data !== undefined) to.push(data);
        }
      }
    },
    raw: true,
    decode: () => ({ stale: true, leases: [] }),
    decodeBatch(reply, asks) {
      // One byte a character: lengths are in bytes.
      const read = textReader(reply.toString('latin1'));
      return asks.map(({ groups, brief }) => {
        const count = read.until();
        if (count === 's') return { stale: true, leases: [] };
        const leases: BeatLease[] = [];
        for (let at = 0; at < Number(count); at += 1) {
          const state = states[read.take(1) as keyof typeof states];
          const group = groups === undefined ? utf8(read.counted()) : (groups[at]?.group ?? '');
          if (brief === true) {
            leases.push({ group, state, epoch: 0, revision: 0, data: null });
            continue;
          }
          const revision = Number(read.until());
          const packed = read.counted();
          if (packed === '') leases.push({ group, state, epoch: 0, revision, data: null });
          else {
            const { epoch, data } = unpackLease(packed);
            leases.push({ group, state, epoch, revision, data: data === null ? null : utf8(data) });
          }
        }
        return { stale: false, leases };
      });
    },
  },
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
      const [remainingMs, packed] = list(reply);
      return { group, holder, remainingMs: number(remainingMs), ...unpackLease(text(packed)) };
    },
  },
  members: {
    encode({ tenant, group, limit }, to) {
      to.push(tenant, group, limit > 0 ? '1' : '0');
    },
    decode(reply, { group, offset, limit }): Members {
      const [count, revision, ...fields] = list(reply);
      const leases: Lease[] = [];
      for (let at = 0; at < fields.length; at += 3) {
        const [holder, remainingMs, packed] = fields.slice(at, at + 3);
        leases.push({
          group,
          holder: text(holder),
          remainingMs: number(remainingMs),
          ...unpackLease(text(packed)),
        });
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
      for (const { topic, after } of topics) to.push(topic, String(after));
    },
    decode(reply, { topics, limit }) {
      const entries: TopicEntry[] = [];
      for (const [at, found] of list(reply).entries()) {
        const fields = list(found);
        for (let field = 0; field < fields.length; field += 2) {
          entries.push({
            topic: topics[at]?.topic ?? '',
            position: BigInt(text(fields[field])),
            payload: fields[field + 1] as Buffer,
          });
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

/** `tenant, events, tenant, events, …` from position `from` of a reply; events are JSON, one a line. */
export function decodeEvents(reply: readonly Reply[], from: number): TenantEvent[] {
  const events: TenantEvent[] = [];
  for (let at = from; at < reply.length; at += 2) {
    const tenant = text(reply[at]);
    const steps = JSON.parse(`[${text(reply[at + 1]).replaceAll('\n', ',')}]`) as LeaseEvent[];
    for (const step of steps) events.push({ tenant, ...step });
  }
  return events;
}
