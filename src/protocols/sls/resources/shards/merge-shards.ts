/** "MergeShards". */
import { Type } from '@sinclair/typebox';
import { whenQuery } from '../../../kit/operation.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { logstoreErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { describeShard, parseShardId, reshape, ShardReply } from './change-shards.ts';
import { merge } from './shards.ts';

export function mergeShards(context: ResourceContext): SlsOperation {
  return {
    name: 'MergeShards',
    summary: 'Merges a shard with its neighbour to the right; both become read-only',
    method: 'POST',
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('action', 'merge'),
    schema: {
      query: Type.Object({ action: Type.Literal('merge') }),
      replies: {
        200: Type.Array(ShardReply, { description: 'The new shard, then the two that were merged' }),
      },
    },
    errors: [...logstoreErrors, 'ExceedQuota'],
    subject: projectSubject,
    async run(call) {
      const now = await context.nowSeconds(tenantOf(call.project));
      const affected = await reshape(context, call, (logstore) =>
        merge(logstore, parseShardId(call.shard), now),
      );
      return jsonReply(affected.map(describeShard));
    },
  };
}
