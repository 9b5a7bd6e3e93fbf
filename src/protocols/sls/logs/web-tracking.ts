/** "Web Tracking": one log whose contents are the query of an image or script request. */
import { Type } from '@sinclair/typebox';
import { projectSubject, tenantOf } from '../resources/projects/project.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { timedLog } from './codec/json-logs.ts';
import type { NewLogGroup } from './codec/log-group.ts';
import type { LogContext } from './context.ts';
import { trackLogs } from './put-webtracking.ts';

const Query = Type.Object({
  APIVersion: Type.Optional(Type.String({ description: '0.6.0; not part of the log' })),
  __topic__: Type.Optional(Type.String()),
  __source__: Type.Optional(Type.String()),
});

export function webTracking(context: LogContext): SlsOperation {
  return {
    name: 'WebTracking',
    summary: 'Writes one log whose contents are the other query parameters, if web tracking is enabled',
    method: 'GET',
    path: '/logstores/:logstore/track',
    otherPaths: ['/logstores/:logstore/track_ua.gif', '/logstores/:logstore/track.gif'],
    schema: { query: Query, replies: { 200: 'Written' } },
    errors: [...logstoreErrors, 'LogStoreWithoutShard', 'PostBodyTooLarge'],
    isPublic: true,
    subject: projectSubject,
    async run(call) {
      await trackLogs(
        context,
        call,
        logGroupOf(call.query, await context.nowSeconds(tenantOf(call.project))),
      );
      return emptyReply;
    },
  };
}

function logGroupOf(query: SlsCall['query'], time: number): NewLogGroup {
  const { APIVersion: _, __topic__: topic = '', __source__: source = '', ...log } = query;
  const { time: written, contents } = timedLog(log, time);
  return { topic, source, tags: {}, time: written, logs: [contents] };
}
