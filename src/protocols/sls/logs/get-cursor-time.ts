/** "GetCursorTime". */
import { Type } from '@sinclair/typebox';
import { whenQuery } from '../../kit/operation.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';
import type { LogContext } from './context.ts';
import { openShard, parseCursor, readEntry, receivedAt } from './shard-log.ts';

const Query = Type.Object({ type: Type.Literal('cursor_time'), cursor: Type.String() });

export function getCursorTime(context: LogContext): SlsOperation {
  return {
    name: 'GetCursorTime',
    summary: 'Returns when the log group at a cursor was received, seconds since 1970',
    method: ['GET', 'HEAD'],
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('type', 'cursor_time'),
    schema: { query: Query, replies: { 200: Type.Object({ cursor_time: Type.Integer() }) } },
    errors: [...logstoreErrors, 'InvalidCursor', 'ShardNotExist'],
    subject: projectSubject,
    async run(call) {
      const log = await openShard(context, call);
      const cursor = parseCursor(log, call.query.cursor ?? '');
      const entry = cursor < log.end ? await readEntry(context, log, cursor) : undefined;
      if (entry === undefined) throw errors.InvalidCursor();
      return jsonReply({ cursor_time: receivedAt(entry.payload) });
    },
  };
}
