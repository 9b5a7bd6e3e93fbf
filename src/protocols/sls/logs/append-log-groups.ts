/** Appends log groups to shards, for PutLogs and web tracking. */
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { type Logstore, type LogstoreRef, logstoreGuard } from '../resources/logstores/logstore.ts';
import { knownLogstore, readLogstore } from '../resources/logstores/logstore-store.ts';
import { tenantOf } from '../resources/projects/project.ts';
import { originOf } from '../resources/shards/origin.ts';
import { type LogstoreShard, shardForKey, topicOf } from '../resources/shards/shards.ts';
import { errors } from '../wire/errors.ts';
import { encodeTags } from './codec/log-group.ts';
import type { LogContext } from './context.ts';
import { encodeEntry, readEntry, receivedAt, type ShardTopic } from './shard-log.ts';

export interface NewEntries {
  /** They go to one shard, in this order, all or none. */
  readonly groups: readonly Uint8Array[];
  /** Address of the client, for logstores that append it to the tags. */
  readonly clientIp: string;
  /** Hash key that selects the shard; absent: the shards take turns. */
  readonly key?: string;
}

/** Where log groups were appended. */
export interface Appended {
  readonly shard: number;
  /** Positions of the log groups, in their order. */
  readonly positions: readonly bigint[];
}

/** Appends log groups. Throws ProjectNotExist, LogStoreNotExist, LogStoreWithoutShard and ParameterInvalid. */
export async function appendLogGroups(
  context: LogContext,
  ref: LogstoreRef,
  { groups, key, clientIp }: NewEntries,
): Promise<Appended> {
  const { store, config } = context;
  const tenant = tenantOf(ref.project);
  let known = await knownLogstore(context, ref);
  return retryOnConflict(async () => {
    const { value, version } = known;
    const shard = key === undefined ? nextShard(context, value) : shardForKey(value.shards, key);
    const topic: ShardTopic = { tenant, topic: topicOf(value, shard) };
    const time = await receiveTime(context, topic);
    const { committed, positions } = await store.commit({
      tenant,
      // A shard that was split or merged in the meantime is read-only, and its end is final.
      guards: [logstoreGuard(ref.logstore, version)],
      appends: groups.map((group) => ({
        topic: topic.topic,
        payload: encodeEntry(time, group, value.appendMeta ? metaTags(time, clientIp) : noTags),
        after: originOf(shard) - 1n,
        keepEntries: config.slsMaxShardLogGroups,
        keepBytes: config.slsMaxShardBytes,
      })),
    });
    if (committed) return { shard: shard.shardID, positions };
    known = await readLogstore(context, ref);
    return undefined;
  });
}

const noTags = new Uint8Array(0);

/** Tags of a logstore with `appendMeta`: when the server received the logs, and from where. */
function metaTags(time: number, clientIp: string): Uint8Array {
  return encodeTags({ __client_ip__: clientIp, __receive_time__: String(time) });
}

/**
 * Returns the time of a log group that is received now. It is never before that of an earlier one, even if the wall clock was set back:
 * log groups are found by their times.
 */
async function receiveTime(context: LogContext, topic: ShardTopic): Promise<number> {
  const { store, received } = context;
  const key = `${topic.tenant} ${topic.topic}`;
  let newest = received.get(key);
  if (newest === undefined) {
    const [bounds] = await store.topicBounds({ tenant: topic.tenant, topics: [topic.topic] });
    const entry =
      bounds === undefined || bounds.entries === 0
        ? undefined
        : await readEntry(context, topic, bounds.newest);
    newest = entry === undefined ? 0 : receivedAt(entry.payload);
  }
  const now = await context.nowSeconds(topic.tenant);
  // Another append may have set it in the meantime.
  const time = Math.max(newest, received.get(key) ?? 0, now);
  received.set(key, time);
  return time;
}

function nextShard({ roundRobin }: LogContext, { shards }: Logstore): LogstoreShard {
  const writable = shards.filter(({ status }) => status === 'readwrite');
  roundRobin.next = (roundRobin.next + 1) % 0x1_0000_0000;
  const shard = writable[roundRobin.next % writable.length];
  if (shard === undefined) throw errors.LogStoreWithoutShard();
  return shard;
}
