/** What a change of a group did to its shards, for the stream of events. Pure. */
import type { ConsumerGroup, Shard } from '../rebalance/consumer-group.ts';

/** All types of events of shards. */
export const shardEventTypes = ['shard.assigned', 'shard.revoked', 'shard.handover'] as const;

export interface ShardEvent {
  /** `handover`: the shard is to go to `to` once its owner has released it. */
  readonly type: (typeof shardEventTypes)[number];
  readonly shard: number;
  readonly holder: string;
  readonly to?: string;
}

/** Returns what happened to each shard, in the order of the shards; a shard that changes its owner is revoked first. */
export function shardEvents(before: ConsumerGroup, after: ConsumerGroup): readonly ShardEvent[] {
  const known = new Map(before.shards.map((shard) => [shard.id, shard]));
  return after.shards.flatMap((shard) => changesOf(known.get(shard.id), shard));
}

function changesOf(
  before: Shard | undefined,
  { id: shard, state, owner, next }: Shard,
): readonly ShardEvent[] {
  if (before?.owner === owner && before.state === state && before.next === next) return [];
  const previous = before?.owner ?? null;
  const events: ShardEvent[] = [];
  if (previous !== null && previous !== owner)
    events.push({ type: 'shard.revoked', shard, holder: previous });
  if (owner !== null && previous !== owner) events.push({ type: 'shard.assigned', shard, holder: owner });
  if (state === 'transfer' && owner !== null && next !== null)
    events.push({ type: 'shard.handover', shard, holder: owner, to: next });
  return events;
}
