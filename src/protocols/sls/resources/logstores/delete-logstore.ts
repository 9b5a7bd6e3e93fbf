/** "DeleteLogStore". */
import type { GroupContext } from '../../consumer-groups/context.ts';
import { deleteConsumption } from '../../consumer-groups/group/delete-consumption.ts';
import { groupDocuments } from '../../consumer-groups/group/known-group.ts';
import { deleteLogs } from '../../logs/shard-log.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { projectSubject, tenantOf } from '../projects/project.ts';
import { logstoreTagsKey, tagDocuments } from '../tags/tags.ts';
import { type LogstoreRef, logstoreDocuments } from './logstore.ts';
import { readLogstore } from './logstore-store.ts';

export function deleteLogstore(context: GroupContext): SlsOperation {
  return {
    name: 'DeleteLogStore',
    summary: 'Deletes a logstore with its logs, consumer groups and consumers',
    method: 'DELETE',
    path: '/logstores/:logstore',
    schema: { replies: { 200: 'Deleted' } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      await deleteAll(context, call);
      return emptyReply;
    },
  };
}

async function deleteAll(context: GroupContext, { project, logstore }: LogstoreRef): Promise<void> {
  const { store } = context;
  const { value } = await readLogstore(context, { project, logstore });
  const tenant = tenantOf(project);
  const { collection, parse } = groupDocuments(logstore);
  const groups = await store.listDocuments({ tenant, collection });
  await store.commit({
    tenant,
    writes: [
      logstoreDocuments.write(logstore, null),
      tagDocuments.write(logstoreTagsKey(logstore), null),
      ...groups.map(({ key }) => ({ collection, key, value: null })),
    ],
  });
  await deleteLogs(context, { project, logstore: value, shards: value.shards });
  for (const { key, value: text } of groups) {
    const group = parse(text);
    if (group !== undefined) await deleteConsumption(context, { project, logstore, group: key }, group);
  }
}
