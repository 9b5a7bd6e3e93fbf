/** Appends log groups to shards, for PutLogs and web tracking. */
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { type Logstore, type LogstoreRef, logstoreGuard } from '../resources/logstores/logstore.ts';
import { knownLogstore, readLogstore } from '../resources/logstores/logstore-store.ts';
import { tenantOf } from '../resources/projects/project.ts';
import { type LogstoreShard, shardForKey, topicOf } from '../resources/shards/shards.ts';
import { errors } from '../wire/errors.ts';
import type { LogContext } from './context.ts';
import { firstCursor } from './cursor.ts';
import { encodeEntry } from './shard-log.ts';

export interface NewEntry {
  readonly group: Uint8Array;
  /** Hash key that selects the shard; absent: the shards take turns. */
  readonly key?: string;
}

/** Appends a log group. Throws ProjectNotExist, LogStoreNotExist, LogStoreWithoutShard and ParameterInvalid. */
export async function appendLogGroup(
  context: LogContext,
  ref: LogstoreRef,
  { group, key }: NewEntry,
): Promise<void> {
  const { store, config } = context;
  const payload = encodeEntry(context.nowSeconds(), group);
  let known = await knownLogstore(context, ref);
  await retryOnConflict(async () => {
    const { value, version } = known;
    const shard = key === undefined ? nextShard(context, value) : shardForKey(value.shards, key);
    const { committed } = await store.commit({
      tenant: tenantOf(ref.project),
      // A shard that was split or merged in the meantime is read-only, and its end is final.
      guards: [logstoreGuard(ref.logstore, version)],
      appends: [
        {
          topic: topicOf(value, shard),
          payload,
          after: firstCursor(shard.createTime) - 1n,
          keepEntries: config.slsMaxShardLogGroups,
          keepBytes: config.slsMaxShardBytes,
        },
      ],
    });
    if (committed) return true;
    known = await readLogstore(context, ref);
    return undefined;
  });
}

function nextShard({ roundRobin }: LogContext, { shards }: Logstore): LogstoreShard {
  const writable = shards.filter(({ status }) => status === 'readwrite');
  roundRobin.next = (roundRobin.next + 1) % 0x1_0000_0000;
  const shard = writable[roundRobin.next % writable.length];
  if (shard === undefined) throw errors.LogStoreWithoutShard();
  return shard;
}
