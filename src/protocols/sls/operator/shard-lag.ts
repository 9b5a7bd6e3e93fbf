/** How far a consumer group is behind the end of each shard. */
import { type Static, Type } from '@sinclair/typebox';
import { suggestion } from '../../../settings/nearest.ts';
import { OperatorRefusal } from '../../kit/operator/refusal.ts';
import { checkpointDocuments, groupDocuments } from '../consumer-groups/group/known-group.ts';
import type { ConsumerGroup } from '../consumer-groups/rebalance/consumer-group.ts';
import type { LogContext } from '../logs/context.ts';
import { decodeCursor } from '../logs/cursor.ts';
import { readEntry, receivedAt, type ShardLog } from '../logs/shard-log.ts';
import type { LogstoreRef } from '../resources/logstores/logstore.ts';
import { tenantOf } from '../resources/projects/project.ts';

export const ShardLag = Type.Object({
  checkpoint: Type.Union([Type.String(), Type.Null()], { description: 'null: none was saved' }),
  updateTime: Type.Union([Type.Integer(), Type.Null()], { description: 'microseconds since 1970' }),
  entries: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'log groups between the checkpoint and the end of the shard, all of them without a checkpoint; null: the checkpoint is no cursor of this shard',
  }),
  seconds: Type.Union([Type.Integer(), Type.Null()], {
    description: 'since the first of them was received; 0 if there is none',
  }),
});
export type ShardLag = Static<typeof ShardLag>;

/** Returns a consumer group. Throws OperatorRefusal 404. */
export async function findGroup(
  { store }: Pick<LogContext, 'store'>,
  { project, logstore }: LogstoreRef,
  name: string,
): Promise<ConsumerGroup> {
  const documents = groupDocuments(logstore);
  const tenant = tenantOf(project);
  const found = await documents.read(store, tenant, name);
  if (found !== undefined) return found.value;
  const names = (await documents.list(store, tenant)).map(({ key }) => key);
  throw new OperatorRefusal(
    404,
    `no consumer group ${name} of the logstore ${logstore}${suggestion(name, names)}`,
  );
}

/** Returns the lag of a group in each shard, in the order of `shards`. */
export async function lagsOf(
  context: LogContext,
  group: ConsumerGroup,
  shards: readonly { readonly id: number; readonly log: ShardLog }[],
): Promise<readonly ShardLag[]> {
  const [first] = shards;
  if (first === undefined) return [];
  const { tenant } = first.log;
  const keys = shards.map(({ id }) => String(id));
  const [saved, now] = await Promise.all([
    checkpointDocuments(group).readMany(context.store, tenant, keys),
    context.nowSeconds(tenant),
  ]);
  return Promise.all(
    shards.map(async ({ log }, at) => {
      const { checkpoint = null, updateTime = null } = saved[at]?.value ?? {};
      const from = positionOf(log, checkpoint);
      if (from === undefined) return { checkpoint, updateTime, entries: null, seconds: null };
      const entry = from < log.end ? await readEntry(context, log, from) : undefined;
      const seconds = entry === undefined ? 0 : Math.max(0, now - receivedAt(entry.payload));
      return { checkpoint, updateTime, entries: Number(log.end - from), seconds };
    }),
  );
}

/** Returns where a consumer goes on: at the checkpoint, or with the oldest stored log group. */
function positionOf({ begin, end }: ShardLog, checkpoint: string | null): bigint | undefined {
  if (checkpoint === null || checkpoint === '') return begin;
  const position = decodeCursor(checkpoint);
  if (position === undefined || position > end) return undefined;
  return position < begin ? begin : position;
}
