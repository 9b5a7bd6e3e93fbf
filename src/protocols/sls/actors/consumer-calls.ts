/** The vendor's calls as a simulated consumer makes them. A lost reply is `undefined`; a refusal is the vendor's error as text. */
import type { ActorReply, SendAsActor } from '../../kit/actors/actor-kit.ts';

export interface ConsumerRef {
  readonly host: string;
  readonly logstore: string;
  readonly consumerGroup: string;
}

export interface Refused {
  readonly refusal: string;
}

export interface ConsumerCalls {
  /** Creates the group unless it exists, and resolves to its timeout in seconds. */
  findOrCreateGroup(timeout: number): Promise<{ readonly timeout: number } | Refused | undefined>;
  /** Reports shards, and resolves to those that the consumer owns. */
  beat(held: readonly number[]): Promise<{ readonly owned: readonly number[] } | Refused | undefined>;
  /** Resolves to the saved checkpoint of a shard, or else to a cursor at one end of it. */
  startOf(shard: number, from: 'begin' | 'end'): Promise<{ readonly cursor: string } | Refused | undefined>;
  pull(
    shard: number,
    cursor: string,
  ): Promise<{ readonly count: number; readonly next: string } | Refused | undefined>;
  save(shard: number, checkpoint: string): Promise<Refused | undefined>;
}

/** Makes the calls of one consumer. */
export function makeConsumerCalls(
  { host, logstore, consumerGroup }: ConsumerRef,
  consumer: string,
  send: SendAsActor,
): ConsumerCalls {
  const groups = `/logstores/${encodeURIComponent(logstore)}/consumergroups`;
  const own = `${groups}/${encodeURIComponent(consumerGroup)}`;
  const shardUrl = (shard: number): string => `/logstores/${encodeURIComponent(logstore)}/shards/${shard}`;
  const query = new URLSearchParams({ consumer }).toString();
  const get = (url: string) => send({ method: 'GET', url, host });
  const post = (url: string, body: unknown) =>
    send({ method: 'POST', url, host, body: JSON.stringify(body) });

  return {
    async findOrCreateGroup(timeout) {
      const created = await post(groups, { consumerGroup, timeout, order: false });
      if (created === undefined) return undefined;
      if (created.status === 200) return { timeout };
      if (errorCodeOf(created) !== 'ConsumerGroupAlreadyExist') return refused(created);
      const listed = await get(groups);
      if (listed === undefined) return undefined;
      if (listed.status !== 200) return refused(listed);
      const found = jsonOf(listed) as readonly { readonly name: string; readonly timeout: number }[];
      return { timeout: found.find(({ name }) => name === consumerGroup)?.timeout ?? timeout };
    },
    async beat(held) {
      const reply = await post(`${own}?type=heartbeat&${query}`, held);
      if (reply === undefined) return undefined;
      // A fault may answer anything.
      const owned = reply.status === 200 ? jsonOf(reply) : undefined;
      return Array.isArray(owned) && owned.every(Number.isInteger) ? { owned } : refused(reply);
    },
    async startOf(shard, from) {
      const checkpoints = await get(`${own}?shard=${shard}`);
      if (checkpoints === undefined) return undefined;
      if (checkpoints.status !== 200) return refused(checkpoints);
      const [saved] = jsonOf(checkpoints) as readonly { readonly checkpoint: string }[];
      if (saved !== undefined && saved.checkpoint !== '') return { cursor: saved.checkpoint };
      const found = await get(`${shardUrl(shard)}?type=cursor&from=${from}`);
      if (found === undefined) return undefined;
      return found.status === 200 ? (jsonOf(found) as { cursor: string }) : refused(found);
    },
    async pull(shard, cursor) {
      const reply = await get(`${shardUrl(shard)}?type=logs&count=1000&cursor=${encodeURIComponent(cursor)}`);
      if (reply === undefined) return undefined;
      if (reply.status !== 200) return refused(reply);
      return {
        count: Number(reply.headers['x-log-count'] ?? 0),
        next: String(reply.headers['x-log-cursor'] ?? cursor),
      };
    },
    async save(shard, checkpoint) {
      const reply = await post(`${own}?type=checkpoint&forceSuccess=false&${query}`, { shard, checkpoint });
      return reply === undefined || reply.status === 200 ? undefined : refused(reply);
    },
  };
}

function jsonOf({ body }: ActorReply): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

interface ErrorBody {
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

const errorCodeOf = (reply: ActorReply): string | undefined =>
  (jsonOf(reply) as ErrorBody | undefined)?.errorCode;

function refused(reply: ActorReply): Refused {
  const { errorCode = '', errorMessage = reply.body.slice(0, 200) } = (jsonOf(reply) ?? {}) as ErrorBody;
  return { refusal: `${reply.status} ${errorCode}: ${errorMessage}` };
}
