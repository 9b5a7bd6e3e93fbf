/** Splits and merges of shards in the store, for SplitShard and MergeShards. */
import { type Static, Type } from '@sinclair/typebox';
import { errors } from '../../wire/errors.ts';
import type { ResourceContext } from '../context.ts';
import { type Logstore, type LogstoreRef, storedShards } from '../logstores/logstore.ts';
import { changeLogstore } from '../logstores/logstore-store.ts';
import { withOrigins } from './origin.ts';
import { LogstoreShard, type Reshaped } from './shards.ts';

/** A shard as ListShards, SplitShard and MergeShards show it. */
export const ShardReply = Type.Omit(LogstoreShard, ['parents', 'origin']);

/** Returns a shard as the calls show it. */
export function describeShard({
  parents: _,
  origin: __,
  ...shard
}: LogstoreShard): Static<typeof ShardReply> {
  return shard;
}

/** Replaces the shards of a logstore by those of a split or merge, and returns the affected ones. Throws ExceedQuota. */
export function reshape(
  context: ResourceContext,
  ref: LogstoreRef,
  change: (logstore: Logstore) => Reshaped,
): Promise<readonly LogstoreShard[]> {
  return changeLogstore(context, ref, (before) => {
    const { affected, ...after } = change(before);
    // Read-only shards count as well: each keeps its log.
    if (after.shards.length > context.config.slsMaxShards) throw errors.ExceedQuota('shard');
    return [{ ...before, ...storedShards(withOrigins(context, after, before.nextShardId)) }, affected];
  });
}

/** Parses the id of a shard. Throws ParameterInvalid. */
export function parseShardId(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw errors.ParameterInvalid('invalid shard id');
  return Number(text);
}
