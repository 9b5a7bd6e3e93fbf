/** "GetCursorTime". */
import { Type } from '@sinclair/typebox';
import { whenQuery } from '../../kit/operation.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';
import type { LogContext } from './context.ts';
import { openShard, parseCursor, readEntry, receivedAt, type ShardLog } from './shard-log.ts';

const Query = Type.Object({ type: Type.Literal('cursor_time'), cursor: Type.String() });

export function getCursorTime(context: LogContext): SlsOperation {
  return {
    name: 'GetCursorTime',
    summary:
      'Returns when the log group at a cursor was received or, at the end, could be received; seconds since 1970',
    method: ['GET', 'HEAD'],
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('type', 'cursor_time'),
    schema: { query: Query, replies: { 200: Type.Object({ cursor_time: Type.Integer() }) } },
    errors: [...logstoreErrors, 'InvalidCursor', 'ShardNotExist'],
    subject: projectSubject,
    async run(call) {
      const log = await openShard(context, call);
      const cursor = parseCursor(log, call.query.cursor ?? '');
      return jsonReply({ cursor_time: await timeAt(context, log, cursor) });
    },
  };
}

/** The end of a shard that takes logs is now: a consumer that is there is behind by nothing. */
async function timeAt(context: LogContext, log: ShardLog, cursor: bigint): Promise<number> {
  const isEnd = cursor >= log.end;
  const entry =
    log.begin === log.end ? undefined : await readEntry(context, log, isEnd ? log.end - 1n : cursor);
  // The log group may have been dropped in the meantime.
  if (!isEnd && entry === undefined) throw errors.InvalidCursor();
  const time = entry === undefined ? 0 : receivedAt(entry.payload);
  if (!isEnd) return time;
  return log.isWritable || entry === undefined ? Math.max(await context.nowSeconds(log.tenant), time) : time;
}
