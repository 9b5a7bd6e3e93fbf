/** "PutLogs", and the same call under its older name "PostLogStoreLogs", which takes a hash key. */
import { Type } from '@sinclair/typebox';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { appendLogGroup } from './append-log-group.ts';
import type { LogContext } from './context.ts';
import { logBodyErrors, logBodyLimit, readLogGroup } from './log-body.ts';

/** The body is one LogGroup as protocol buffers, compressed or not. */
export function putLogs(context: LogContext): SlsOperation {
  return {
    name: 'PutLogs',
    summary: 'Writes a log group to the shards of a logstore in turn',
    method: 'POST',
    path: '/logstores/:logstore',
    otherPaths: ['/logstores/:logstore/shards/lb'],
    bodyLimit: logBodyLimit(context),
    schema: { replies: { 200: 'Written' } },
    errors: [...logstoreErrors, ...logBodyErrors],
    subject: projectSubject,
    async run(call: SlsCall) {
      await appendLogGroup(context, call, { group: await readLogGroup(context, call) });
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
      query: Type.Object({ key: Type.String({ description: 'hash key, 32 hexadecimal digits' }) }),
      replies: { 200: 'Written' },
    },
    errors: [...logstoreErrors, ...logBodyErrors],
    subject: projectSubject,
    async run(call) {
      const group = await readLogGroup(context, call);
      await appendLogGroup(context, call, { group, key: call.query.key ?? '' });
      return emptyReply;
    },
  };
}
