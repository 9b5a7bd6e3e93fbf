/** "DeleteShard". */
import { deleteLogs } from '../../logs/shard-log.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { storedShards } from '../logstores/logstore.ts';
import { changeLogstore } from '../logstores/logstore-store.ts';
import { projectSubject } from '../projects/project.ts';
import { parseShardId } from './change-shards.ts';
import { withoutShard } from './shards.ts';

export function deleteShard(context: ResourceContext): SlsOperation {
  return {
    name: 'DeleteShard',
    summary: 'Deletes a read-only shard with its logs',
    method: 'DELETE',
    path: '/logstores/:logstore/shards/:shard',
    schema: { replies: { 200: 'Deleted' } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      const { before, id } = await changeLogstore(context, call, (before) => {
        const id = parseShardId(call.shard);
        return [
          { ...before, ...storedShards(withoutShard(before, id)) },
          { before, id },
        ];
      });
      const deleted = before.shards.filter(({ shardID }) => shardID === id);
      await deleteLogs(context, { project: call.project, logstore: before, shards: deleted });
      return emptyReply;
    },
  };
}
