/**
 * Where the cursors of a shard begin. The leading ten digits are the second in which the shard was created, the rest is random: a shard
 * that takes the place of a deleted one within the same second refuses the cursors of that one.
 */
import type { ResourceContext } from '../context.ts';
import type { LogstoreShard, Shards } from './shards.ts';

const nanosPerSecond = 1_000_000_000;

/** Returns the first cursor of a second. `createTime`: seconds since 1970. */
export function firstCursor(createTime: number): bigint {
  return BigInt(createTime) * BigInt(nanosPerSecond);
}

/** Returns the first cursor of a shard. Shards that an older version created begin at the start of their second. */
export function originOf({ createTime, origin }: Pick<LogstoreShard, 'createTime' | 'origin'>): bigint {
  return origin === undefined ? firstCursor(createTime) : BigInt(origin);
}

/** Gives an origin to the shards whose id is at least `firstId`: the new ones. */
export function withOrigins<T extends Shards>(
  { randomBytes }: Pick<ResourceContext, 'randomBytes'>,
  shards: T,
  firstId: number,
): T {
  return {
    ...shards,
    shards: shards.shards.map((shard) => {
      if (shard.shardID < firstId) return shard;
      // Half of the second is left for log groups whose cursors share its digits.
      const offset = BigInt(randomBytes(4).readUInt32BE() % (nanosPerSecond / 2));
      return { ...shard, origin: String(firstCursor(shard.createTime) + offset) };
    }),
  };
}
