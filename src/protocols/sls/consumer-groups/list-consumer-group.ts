/** "ListConsumerGroup". */
import { Type } from '@sinclair/typebox';
import type { LogstoreRef } from '../resources/logstores/logstore.ts';
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject, tenantOf } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { logstoreErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';
import type { GroupContext } from './context.ts';
import { groupDocuments } from './group/known-group.ts';

const GroupReply = Type.Object({ name: Type.String(), order: Type.Boolean(), timeout: Type.Integer() });

export function listConsumerGroup(context: GroupContext): SlsOperation {
  return {
    name: 'ListConsumerGroup',
    summary: 'Lists the consumer groups of a logstore',
    method: 'GET',
    path: '/logstores/:logstore/consumergroups',
    schema: { replies: { 200: Type.Array(GroupReply) } },
    errors: logstoreErrors,
    subject: projectSubject,
    async run(call) {
      await readLogstore(context, call);
      const groups = await groupDocuments(call.logstore).list(context.store, tenantOf(call.project));
      return jsonReply(groups.map(({ key, value: { order, timeout } }) => ({ name: key, order, timeout })));
    },
  };
}

/** Returns the names of a logstore's consumer groups, sorted. */
export async function groupNames(
  { store }: GroupContext,
  { project, logstore }: LogstoreRef,
): Promise<readonly string[]> {
  const groups = await groupDocuments(logstore).list(store, tenantOf(project));
  return groups.map(({ key }) => key);
}
