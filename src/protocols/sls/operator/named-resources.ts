/** What the operator routes share: how they find what a request names without creating it. */
import { Type } from '@sinclair/typebox';
import { suggestion } from '../../../settings/nearest.ts';
import type { Versioned } from '../../kit/documents.ts';
import { OperatorRefusal } from '../../kit/operator/refusal.ts';
import { Conflict } from '../../kit/retry-on-conflict.ts';
import type { ResourceContext } from '../resources/context.ts';
import { type Logstore, type LogstoreRef, logstoreDocuments } from '../resources/logstores/logstore.ts';
import { tenantOf } from '../resources/projects/project.ts';
import type { LogstoreShard } from '../resources/shards/shards.ts';
import { SlsError } from '../wire/error-entry.ts';

export const tags = ['sls'];
const Name = (description: string) => Type.String({ description, minLength: 1, maxLength: 128 });

/** Members that name a logstore. */
export const logstoreMembers = { project: Name('project'), logstore: Name('logstore') };
/** Member that names a consumer group. */
export const groupMember = Name('consumer group');

/** Returns a logstore. Throws OperatorRefusal 404 if there is none: unlike the vendor's calls this creates nothing. */
export async function findLogstore(
  { store }: Pick<ResourceContext, 'store'>,
  { project, logstore }: LogstoreRef,
): Promise<Versioned<Logstore>> {
  const found = await logstoreDocuments.read(store, tenantOf(project), logstore);
  if (found !== undefined) return found;
  const known = await logstoreDocuments.list(store, tenantOf(project));
  const names = known.map(({ key }) => key);
  throw new OperatorRefusal(
    404,
    `no logstore ${logstore} in the project ${project}${suggestion(logstore, names)}`,
  );
}

/** Shards that an error message lists. */
const maxListed = 20;

/** Returns a shard of a logstore. Throws OperatorRefusal 404. */
export function findShard({ shards }: Pick<Logstore, 'shards'>, id: number): LogstoreShard {
  const shard = shards.find(({ shardID }) => shardID === id);
  if (shard !== undefined) return shard;
  const known = shards.slice(0, maxListed).map(({ shardID }) => shardID);
  const more = shards.length > maxListed ? ', …' : '';
  throw new OperatorRefusal(404, `no shard ${id} in the logstore; its shards are ${known.join(', ')}${more}`);
}

/** Returns a shard that accepts logs. Throws OperatorRefusal 404, or 409 for one that was split or merged. */
export function findWritableShard(logstore: Pick<Logstore, 'shards'>, id: number): LogstoreShard {
  const shard = findShard(logstore, id);
  if (shard.status === 'readwrite') return shard;
  throw new OperatorRefusal(409, `shard ${id} is read-only: it was split or merged`);
}

/** Runs what an operator asks for, and throws OperatorRefusal in place of the vendor's errors. */
export async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SlsError) throw new OperatorRefusal(error.status, error.message);
    if (error instanceof Conflict)
      throw new OperatorRefusal(
        409,
        'the logstore or the group changes all the time; send the request again',
      );
    throw error;
  }
}
