/** "ListShards". */
import { Type } from '@sinclair/typebox';
import type { SlsOperation } from '../../wire/call.ts';
import { logstoreErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { readLogstore } from '../logstores/logstore-store.ts';
import { projectSubject } from '../projects/project.ts';
import { describeShard, ShardReply } from './change-shards.ts';

export function listShards(context: ResourceContext): SlsOperation {
  return {
    name: 'ListShards',
    summary: 'Lists the shards of a logstore, read-only ones included',
    method: 'GET',
    path: '/logstores/:logstore/shards',
    schema: { replies: { 200: Type.Array(ShardReply) } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      const { value } = await readLogstore(context, call);
      return jsonReply(value.shards.map(describeShard));
    },
  };
}
