/** "DeleteConsumerGroup". */
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { tenantOf } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import type { GroupContext } from './context.ts';
import { deleteConsumption } from './group/delete-consumption.ts';
import { groupDocuments, groupSubject } from './group/known-group.ts';

export function deleteConsumerGroup(context: GroupContext): SlsOperation {
  return {
    name: 'DeleteConsumerGroup',
    summary: 'Deletes a consumer group with its consumers and checkpoints; succeeds also if there is none',
    method: 'DELETE',
    path: '/logstores/:logstore/consumergroups/:group',
    schema: { replies: { 200: 'Deleted' } },
    errors: logstoreErrors,
    subject: groupSubject,
    async run(call) {
      await readLogstore(context, call);
      const tenant = tenantOf(call.project);
      const documents = groupDocuments(call.logstore);
      const found = await documents.read(context.store, tenant, call.group);
      await context.store.commit({ tenant, writes: [documents.write(call.group, null)] });
      if (found !== undefined) await deleteConsumption(context, call, found.value);
      return emptyReply;
    },
  };
}
