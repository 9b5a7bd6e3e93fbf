/** "GetCheckPoint". */
import { type Static, Type } from '@sinclair/typebox';
import type { SlsOperation } from '../wire/call.ts';
import { logstoreErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';
import type { GroupContext } from './context.ts';
import { refreshGroup } from './group/group-store.ts';
import { type Checkpoint, checkpointDocuments, type GroupRef, groupSubject } from './group/known-group.ts';

const Query = Type.Object({
  shard: Type.Optional(Type.String({ description: 'id of a shard; default: all shards' })),
});

const CheckpointReply = Type.Object({
  shard: Type.Integer(),
  checkpoint: Type.String({ description: 'empty if none was ever saved' }),
  updateTime: Type.Integer({ description: 'microseconds since 1970' }),
  consumer: Type.String({ description: 'the owner of the shard; empty if it has none' }),
});

export function getCheckPoint(context: GroupContext): SlsOperation {
  return {
    name: 'GetCheckPoint',
    summary: 'Returns the checkpoints of all shards, those without one included',
    method: 'GET',
    path: '/logstores/:logstore/consumergroups/:group',
    schema: { query: Query, replies: { 200: Type.Array(CheckpointReply) } },
    errors: [...logstoreErrors, 'ConsumerGroupNotExist'],
    subject: groupSubject,
    run: async (call) => jsonReply(await getCheckpoints(context, call, call.query.shard)),
  };
}

const noCheckpoint: Checkpoint = { checkpoint: '', updateTime: 0 };

/** Returns the checkpoints of all shards, or of one; of none if there is no such shard. Throws as `readGroup`. */
export async function getCheckpoints(
  context: GroupContext,
  ref: GroupRef,
  shard?: string,
): Promise<readonly Static<typeof CheckpointReply>[]> {
  const { tenant, group, logstore } = await refreshGroup(context, ref);
  const shards = logstore.shards
    .map(({ shardID }) => shardID)
    .filter((id) => shard === undefined || String(id) === shard);
  const found = await checkpointDocuments(group).readMany(context.store, tenant, shards.map(String));
  return shards.map((id, at) => {
    const { checkpoint, updateTime } = found[at]?.value ?? noCheckpoint;
    const consumer = group.shards.find((owned) => owned.id === id)?.owner ?? '';
    return { shard: id, checkpoint, updateTime, consumer };
  });
}
