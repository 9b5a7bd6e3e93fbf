/** Warns of settings of Redis with which leases are lost. */
import type { Redis } from 'ioredis';
import type { RedisTarget } from '../target.ts';
import type { StoreLog } from './connection.ts';

/** Logs a warning for each setting with which Redis loses leases. Rejects if Redis does not let this user read them. */
export async function warnOfSettings(redis: Redis, kind: RedisTarget['kind'], log: StoreLog): Promise<void> {
  const read = async (name: string): Promise<string> =>
    ((await redis.config('GET', name)) as string[])[1] ?? '';
  const [policy, appendOnly, save, replicas] = await Promise.all(
    ['maxmemory-policy', 'appendonly', 'save', 'min-replicas-to-write'].map(read),
  );
  const node = `${redis.options.host}:${redis.options.port}`;
  if (policy !== 'noeviction')
    log.warn(
      { node, policy },
      'redis evicts leases when its memory is full; set maxmemory-policy noeviction',
    );
  if (appendOnly === 'no' && save === '')
    log.warn({ node }, 'redis writes nothing to disk and loses all leases when it stops; set appendonly yes');
  if (kind === 'sentinel' && replicas === '0')
    log.warn({ node }, 'redis acknowledges writes that no replica has received; set min-replicas-to-write 1');
}
