/** "PutLogs", and the same call under its older name "PostLogStoreLogs", which takes a hash key. */
import { Type } from '@sinclair/typebox';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { SlsError } from '../wire/error-entry.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { appendLogGroups } from './append-log-groups.ts';
import { logBodyErrors, logBodyLimit, readLogGroups } from './codec/log-body.ts';
import type { LogContext } from './context.ts';

/**
 * The body is one LogGroup as protocol buffers, compressed or not; several in one list with `x-log-mode: batch_group`; or JSON as web tracking
 * takes it.
 */
export function putLogs(context: LogContext): SlsOperation {
  return {
    name: 'PutLogs',
    summary: 'Writes log groups to the shards of a logstore in turn',
    method: 'POST',
    path: '/logstores/:logstore',
    otherPaths: ['/logstores/:logstore/shards/lb'],
    bodyLimit: logBodyLimit(context),
    schema: { replies: { 200: 'Written' } },
    errors: [...logstoreErrors, ...logBodyErrors, 'ProjectNotExistOnPut'],
    subject: projectSubject,
    async run(call: SlsCall) {
      const groups = await readLogGroups(context, call);
      await append(context, call, { groups, clientIp: call.client.clientAddress });
      return emptyReply;
    },
  };
}

export function postLogStoreLogs(context: LogContext): SlsOperation {
  return {
    name: 'PostLogStoreLogs',
    summary: 'Writes a log group to the shard whose range contains a hash key',
    method: 'POST',
    path: '/logstores/:logstore/shards/route',
    bodyLimit: logBodyLimit(context),
    schema: {
      query: Type.Object({
        key: Type.String({
          description: 'hash key, up to 32 hexadecimal digits; absent ones at the end are zeros',
        }),
      }),
      replies: { 200: 'Written' },
    },
    errors: [...logstoreErrors, ...logBodyErrors, 'ProjectNotExistOnPut'],
    subject: projectSubject,
    async run(call) {
      const groups = await readLogGroups(context, call);
      await append(context, call, {
        groups,
        key: call.query.key ?? '',
        clientIp: call.client.clientAddress,
      });
      return emptyReply;
    },
  };
}

/** Appends log groups; a project that does not exist has a message of its own here. */
async function append(...args: Parameters<typeof appendLogGroups>): Promise<void> {
  const [, { project }] = args;
  await appendLogGroups(...args).catch((error: unknown) => {
    throw error instanceof SlsError && error.code === 'ProjectNotExist'
      ? errors.ProjectNotExistOnPut(project)
      : error;
  });
}
