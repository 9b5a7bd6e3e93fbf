/** `GET /_heartbeatd/sls/logs`: decoded logs of a logstore, for tests that ask what a program wrote. */
import { type Static, Type } from '@sinclair/typebox';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { decodeLogGroup } from '../logs/codec/decode-log-group.ts';
import type { LogContext } from '../logs/context.ts';
import { encodeCursor } from '../logs/cursor.ts';
import { findByTime } from '../logs/get-cursor.ts';
import { logGroupOf, openShard, receivedAt, type ShardLog } from '../logs/shard-log.ts';
import { SlsError } from '../wire/error-entry.ts';
import { findLogstore, findShard, logstoreMembers, tags } from './named-resources.ts';

const maxLogs = 10_000;
/** Log groups that one read of the store returns, in number and bytes. */
const pageEntries = 100;
const pageBytes = 10 * 1_024 * 1_024;
/** A reply ends with the log group that reaches this size, bytes as stored. */
const maxReplyBytes = 32 * 1_024 * 1_024;

const Seconds = Type.Integer({ minimum: 0, maximum: 4_294_967_295 });
const Query = Type.Object({
  ...logstoreMembers,
  shard: Type.Optional(Type.Integer({ minimum: 0, description: 'default: all shards' })),
  from: Type.Optional({ ...Seconds, description: 'received then or later, seconds since 1970' }),
  to: Type.Optional({ ...Seconds, description: 'received before, seconds since 1970' }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLogs, default: 1_000 })),
  format: Type.Optional(
    Type.Union([Type.Literal('json'), Type.Literal('ndjson')], {
      description: 'ndjson: one log a line; also chosen by Accept: application/x-ndjson',
    }),
  ),
});

const ReadLog = Type.Object({
  shard: Type.Integer(),
  cursor: Type.String({ description: 'of its log group' }),
  receivedAt: Type.Integer({ description: 'when the server received it, seconds since 1970' }),
  topic: Type.String(),
  source: Type.String(),
  tags: Type.Record(Type.String(), Type.String()),
  time: Type.Integer({ description: 'as the client wrote it, seconds since 1970' }),
  timeNs: Type.Optional(Type.Integer()),
  contents: Type.Record(Type.String(), Type.String()),
});
type ReadLog = Static<typeof ReadLog>;

const LogsReply = Type.Object({
  logs: Type.Array(ReadLog, { description: 'shard by shard, each in the order of its cursors' }),
  isComplete: Type.Boolean({
    description: 'false: the limit, or that of the size of a reply, left some out',
  }),
});

/** Registers the routes; the caller sets the prefix. */
export function logRoutes(app: App, context: LogContext): void {
  app.get(
    '/logs',
    {
      schema: {
        tags,
        operationId: 'readLogs',
        summary: 'Returns the logs of a logstore, decoded',
        querystring: Query,
        response: { 200: LogsReply, ...failures },
      },
    },
    async ({ query, headers }, reply) => {
      const found = await readLogs(context, query);
      const isLines = query.format === undefined ? wantsLines(headers.accept) : query.format === 'ndjson';
      if (!isLines) return found;
      const lines = found.logs.map((log) => `${JSON.stringify(log)}\n`).join('');
      reply.header('x-heartbeatd-complete', String(found.isComplete));
      // Past the serializer, which writes JSON.
      return reply
        .type('application/x-ndjson')
        .serializer(String)
        .send(lines as never);
    },
  );
}

function wantsLines(accept = ''): boolean {
  return accept.toLowerCase().includes('application/x-ndjson');
}

async function readLogs(context: LogContext, query: Static<typeof Query>): Promise<Static<typeof LogsReply>> {
  const { project, logstore, shard, from = 0, to = Number.POSITIVE_INFINITY, limit = 1_000 } = query;
  const { value } = await findLogstore(context, { project, logstore });
  const ids =
    shard === undefined ? value.shards.map(({ shardID }) => shardID) : [findShard(value, shard).shardID];
  const logs: ReadLog[] = [];
  let bytes = 0;
  try {
    for (const id of ids) {
      const ref = { project, logstore, shard: String(id) };
      for await (const { group, size } of groupsOf(context, ref, { from, to })) {
        if (bytes >= maxReplyBytes || logs.length + group.length > limit) {
          logs.push(...group.slice(0, bytes >= maxReplyBytes ? 0 : limit - logs.length));
          return { logs, isComplete: false };
        }
        logs.push(...group);
        bytes += size;
      }
    }
  } catch (error) {
    // Deleted while it was read.
    if (error instanceof SlsError) throw new OperatorRefusal(404, error.message);
    throw error;
  }
  return { logs, isComplete: true };
}

/** Yields the log groups of a shard that were received from `from` until before `to`. */
async function* groupsOf(
  context: LogContext,
  ref: { readonly project: string; readonly logstore: string; readonly shard: string },
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<{ readonly group: readonly ReadLog[]; readonly size: number }> {
  const log: ShardLog = await openShard(context, ref);
  const { tenant, topic } = log;
  let position = await findByTime(context, log, from);
  while (position < log.end) {
    const entries = await context.store.readTopics({
      tenant,
      topics: [{ topic, after: position - 1n }],
      limit: pageEntries,
      maxBytes: pageBytes,
    });
    for (const { position: at, payload } of entries) {
      const time = receivedAt(payload);
      if (at >= log.end || time >= to) return;
      const { logs, ...group } = decodeLogGroup(logGroupOf(payload));
      const origin = { shard: Number(ref.shard), cursor: encodeCursor(at), receivedAt: time };
      yield { group: logs.map((one) => ({ ...origin, ...group, ...one })), size: payload.length };
    }
    const last = entries.at(-1);
    if (last === undefined) return;
    position = last.position + 1n;
  }
}
