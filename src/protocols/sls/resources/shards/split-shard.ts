/** "SplitShard". */
import { Type } from '@sinclair/typebox';
import { whenQuery } from '../../../kit/operation.ts';
import type { SlsCall, SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { describeShard, parseShardId, reshape, ShardReply } from './change-shards.ts';
import { type SplitPoint, split } from './shards.ts';

const Query = Type.Object({
  action: Type.Literal('split'),
  key: Type.Optional(
    Type.String({ description: 'hash key at which the shard is split, 32 hexadecimal digits' }),
  ),
  shardCount: Type.Optional(Type.String({ description: 'number of parts, in place of a key' })),
});

export function splitShard(context: ResourceContext): SlsOperation {
  return {
    name: 'SplitShard',
    summary: 'Splits a shard; it becomes read-only',
    method: 'POST',
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('action', 'split'),
    schema: {
      query: Query,
      replies: { 200: Type.Array(ShardReply, { description: 'The shard that was split, then its parts' }) },
    },
    errors: [...logstoreErrors, 'ExceedQuota'],
    subject: projectSubject,
    async run(call) {
      const at = splitPointOf(call.query);
      const now = await context.nowSeconds(tenantOf(call.project));
      const affected = await reshape(context, call, (logstore) =>
        split(logstore, parseShardId(call.shard), at, now),
      );
      return jsonReply(affected.map(describeShard));
    },
  };
}

function splitPointOf({ key = '', shardCount = '' }: SlsCall['query']): SplitPoint {
  if (key !== '' || shardCount === '') return { key };
  const count = Number(shardCount);
  if (!/^\d{1,4}$/.test(shardCount) || count < 2) throw errors.ParameterInvalid('invalid shard count');
  return { count };
}
