/** `POST /_heartbeatd/sls/logs`: writes logs as JSON, to a shard of the operator's choice. */
import { type Static, Type } from '@sinclair/typebox';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { appendLogGroups } from '../logs/append-log-groups.ts';
import { checkGroup } from '../logs/codec/log-body.ts';
import { encodeLogGroup } from '../logs/codec/log-group.ts';
import type { LogContext } from '../logs/context.ts';
import { encodeCursor } from '../logs/cursor.ts';
import { tenantOf } from '../resources/projects/project.ts';
import { findLogstore, findWritableShard, logstoreMembers, refusing, tags } from './named-resources.ts';

const maxLogs = 1_000;
const texts = Type.Record(Type.String(), Type.String());

const NewLogs = Type.Object(
  {
    ...logstoreMembers,
    shard: Type.Optional(Type.Integer({ minimum: 0, description: 'default: the writable shards in turn' })),
    topic: Type.Optional(Type.String()),
    source: Type.Optional(Type.String()),
    tags: Type.Optional(texts),
    logs: Type.Array(
      Type.Object(
        {
          time: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 4_294_967_295,
              description: 'seconds since 1970; default: now',
            }),
          ),
          contents: texts,
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: maxLogs, description: 'written as one log group, in this order' },
    ),
  },
  { additionalProperties: false },
);
type NewLogs = Static<typeof NewLogs>;

const Written = Type.Object({
  shard: Type.Integer({ description: 'where the log group was appended' }),
  cursor: Type.String({ description: 'of the log group' }),
  logs: Type.Integer(),
});
type Written = Static<typeof Written>;

/** Registers the route; the caller sets the prefix. */
export function putLogRoutes(app: App, context: LogContext): void {
  app.post(
    '/logs',
    {
      schema: {
        tags,
        operationId: 'writeLogs',
        summary: 'Writes logs to a logstore, as one log group',
        body: NewLogs,
        response: { 201: Written, ...failures },
      },
    },
    async ({ body, clientAddress }, reply) =>
      reply.code(201).send(await refusing(() => putLogs(context, body, clientAddress))),
  );
}

async function putLogs(context: LogContext, body: NewLogs, clientIp: string): Promise<Written> {
  const { project, logstore, shard, topic = '', source = '', tags: logTags = {}, logs } = body;
  const { value } = await findLogstore(context, { project, logstore });
  const now = await context.nowSeconds(tenantOf(project));
  const group = encodeLogGroup({
    ...{ topic, source, tags: logTags, time: now },
    times: logs.map(({ time = now }) => time),
    logs: logs.map(({ contents }) => contents),
  });
  const max = context.config.slsMaxLogGroupBytes;
  if (group.length > max)
    throw new OperatorRefusal(
      400,
      `logs: ${group.length} bytes of at most ${max}; SLS_MAX_LOG_GROUP_BYTES sets the maximum`,
    );
  // The first key of a writable shard is in no other one.
  const key = shard === undefined ? {} : { key: findWritableShard(value, shard).inclusiveBeginKey };
  const groups = [checkGroup(context, group)];
  const appended = await appendLogGroups(context, { project, logstore }, { groups, clientIp, ...key });
  if (shard !== undefined && appended.shard !== shard)
    throw new OperatorRefusal(
      409,
      `shard ${shard} was split or merged meanwhile; the logs are in shard ${appended.shard}`,
    );
  return { shard: appended.shard, cursor: encodeCursor(appended.positions[0] ?? 0n), logs: logs.length };
}
