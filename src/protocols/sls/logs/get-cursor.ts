/** "GetCursor". */
import { Type } from '@sinclair/typebox';
import { whenQuery } from '../../kit/operation.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';
import type { LogContext } from './context.ts';
import { encodeCursor } from './cursor.ts';
import { openShard, readEntry, receivedAt, type ShardLog, type ShardRef } from './shard-log.ts';

const Query = Type.Object({
  type: Type.Literal('cursor'),
  from: Type.String({
    description: 'begin, end, or seconds since 1970: the first log group received then or later',
  }),
});

export function getCursor(context: LogContext): SlsOperation {
  return {
    name: 'GetCursor',
    summary: 'Returns the cursor of a place in a shard',
    method: ['GET', 'HEAD'],
    path: '/logstores/:logstore/shards/:shard',
    when: whenQuery('type', 'cursor'),
    schema: { query: Query, replies: { 200: Type.Object({ cursor: Type.String() }) } },
    errors: [...logstoreErrors, 'ShardNotExist'],
    subject: projectSubject,
    async run(call) {
      return jsonReply({ cursor: encodeCursor(await findCursor(context, call, call.query.from ?? '')) });
    },
  };
}

async function findCursor(context: LogContext, ref: ShardRef, from: string): Promise<bigint> {
  const log = await openShard(context, ref);
  if (from === 'begin') return log.begin;
  if (from === 'end') return log.end;
  if (!/^\d{1,12}$/.test(from)) throw errors.ParameterInvalid('Parameter From is not valid');
  return findByTime(context, log, Number(from));
}

/** Returns the position of the first log group received at a time or later. Entries are in the order of their times: binary search. */
export async function findByTime(context: LogContext, log: ShardLog, seconds: number): Promise<bigint> {
  let low = log.begin;
  let high = log.end;
  while (low < high) {
    const middle = (low + high) / 2n;
    const entry = await readEntry(context, log, middle);
    if (entry !== undefined && receivedAt(entry.payload) < seconds) low = middle + 1n;
    else high = middle;
  }
  return low;
}
