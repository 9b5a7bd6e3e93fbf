/** Keeps a node from data that it would take for something else. */
import { type Redis, ReplyError } from 'ioredis';
import { clockKey, layoutVersion } from '../keys.ts';
import { DatabaseRefused } from '../store-error.ts';

/** Another node serves the partition, or the user may not read its clock: commands fail with a better error than this check has. */
const unreadable = /^(?:MOVED|ASK|CLUSTERDOWN|TRYAGAIN|NOPERM)\b/;

/**
 * Rejects with DatabaseRefused if the database holds data of a version of heartbeatd that lays out its keys in another way. Partitions that
 * another node of a cluster serves are left to the connection to it.
 */
export async function checkLayout(redis: Redis, partitions: number): Promise<void> {
  const layouts = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => layoutOf(redis, partition)),
  );
  const other = layouts.find((layout) => layout !== undefined && layout !== String(layoutVersion));
  if (other !== undefined)
    throw new DatabaseRefused(
      'the database holds data of another version of heartbeatd; flush it, use another database, or start that version',
    );
}

/** Resolves with the layout of a partition; with '' if its data says none, and with undefined if it has no data or is served elsewhere. */
async function layoutOf(redis: Redis, partition: number): Promise<string | undefined> {
  try {
    const [lease, layout] = await redis.hmget(clockKey(partition), 'lease', 'layout');
    return lease === null ? undefined : (layout ?? '');
  } catch (error) {
    if (error instanceof ReplyError && unreadable.test((error as Error).message)) return undefined;
    throw error;
  }
}
