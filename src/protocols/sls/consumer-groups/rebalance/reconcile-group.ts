/** Computes the assignment of a group from the state of the store: its live consumers, its shards and their checkpoints. */
import { decodeCursor } from '../../logs/cursor.ts';
import { endsOf } from '../../logs/shard-log.ts';
import { errors } from '../../wire/errors.ts';
import type { GroupContext } from '../context.ts';
import { checkpointDocuments, type KnownGroup } from '../group/known-group.ts';
import { type ConsumedShard, type ConsumerGroup, type Heartbeat, reconcile } from './consumer-group.ts';

/**
 * Returns the group with its assignment computed again. `beat`: the heartbeat that causes it; absent for the group as the next heartbeat
 * would find it. Throws ExceedQuota, and ends the lease, if the heartbeat is that of a consumer too many.
 */
export async function reconcileGroup(
  context: GroupContext,
  known: KnownGroup,
  beat?: Heartbeat,
): Promise<ConsumerGroup> {
  const { tenant, lease } = known;
  const [members, shards] = await Promise.all([
    context.store.members({ tenant, group: lease, offset: 0, limit: Number.MAX_SAFE_INTEGER }),
    consumedShards(context, known),
  ]);
  const consumers = members.leases.map(({ holder }) => holder);
  if (beat !== undefined) await refuseExcess(context, known, consumers, beat.consumer);
  return reconcile(known.group, {
    consumers,
    revision: members.revision,
    logstoreVersion: known.logstoreVersion,
    shards,
    ...(beat === undefined ? {} : { heartbeat: beat }),
  });
}

/** The oldest consumers stay: members are in the order in which they joined. */
async function refuseExcess(
  { store, config }: GroupContext,
  { tenant, lease }: KnownGroup,
  consumers: readonly string[],
  consumer: string,
): Promise<void> {
  if (consumers.length <= config.slsMaxConsumers) return;
  if (!consumers.slice(config.slsMaxConsumers).includes(consumer)) return;
  await store.release({ tenant, holder: consumer, groups: [lease] });
  throw errors.ExceedQuota('consumer');
}

/** Returns the shards with whether each is read-only and consumed to its end. */
async function consumedShards(context: GroupContext, known: KnownGroup): Promise<readonly ConsumedShard[]> {
  const { tenant, ref, logstore, group } = known;
  const shards = logstore.shards.filter(({ status }) => status === 'readonly');
  const keys = shards.map(({ shardID }) => String(shardID));
  const [ends, checkpoints] = await Promise.all([
    endsOf(context, { project: ref.project, logstore, shards }),
    checkpointDocuments(group).readMany(context.store, tenant, keys),
  ]);
  const finished = new Set<number>();
  for (const [at, { shardID }] of shards.entries()) {
    const saved = checkpoints[at];
    if (saved !== undefined && decodeCursor(saved.value.checkpoint) === ends[at]) finished.add(shardID);
  }
  return logstore.shards.map(({ shardID, parents }) => ({
    id: shardID,
    parents,
    isFinished: finished.has(shardID),
  }));
}
