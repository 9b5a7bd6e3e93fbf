/** `GET /_heartbeatd/sls/shards`: the shards of a logstore, which were split or merged from which, and how far a group has consumed each. */
import { type Static, Type } from '@sinclair/typebox';
import { failures } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import type { LogContext } from '../logs/context.ts';
import { encodeCursor } from '../logs/cursor.ts';
import { logsOf } from '../logs/shard-log.ts';
import { describeShard, ShardReply } from '../resources/shards/change-shards.ts';
import { findLogstore, groupMember, logstoreMembers, refusing, tags } from './named-resources.ts';
import { findGroup, lagsOf, ShardLag } from './shard-lag.ts';

const Query = Type.Object({
  ...logstoreMembers,
  group: Type.Optional({ ...groupMember, description: 'consumer group whose lag is wanted' }),
});
export const Shards = Type.Object({
  shards: Type.Array(
    Type.Composite([
      ShardReply,
      Type.Object({
        parents: Type.Array(Type.Integer(), { description: 'what it was split or merged from' }),
        begin: Type.String({ description: 'cursor of the oldest stored log group' }),
        end: Type.String({ description: 'cursor behind the newest log group' }),
        entries: Type.Integer({ description: 'stored log groups' }),
        lag: Type.Optional(ShardLag),
      }),
    ]),
  ),
});

/** Registers the route; the caller sets the prefix. */
export function shardRoutes(app: App, context: LogContext): void {
  app.get(
    '/shards',
    {
      schema: {
        tags,
        operationId: 'listShards',
        summary: 'Lists the shards of a logstore with their parents, and the lag of a consumer group',
        querystring: Query,
        response: { 200: Shards, ...failures },
      },
    },
    async ({ query }) => refusing(() => readShards(context, query)),
  );
}

async function readShards(
  context: LogContext,
  { project, logstore, group }: Static<typeof Query>,
): Promise<Static<typeof Shards>> {
  const { value } = await findLogstore(context, { project, logstore });
  const logs = await logsOf(context, { project, logstore: value, shards: value.shards });
  const opened = value.shards.flatMap((shard, at) => {
    const log = logs[at];
    return log === undefined ? [] : [{ id: shard.shardID, shard, log }];
  });
  const lags =
    group === undefined
      ? []
      : await lagsOf(context, await findGroup(context, { project, logstore }, group), opened);
  return {
    shards: opened.map(({ shard, log: { begin, end } }, at) => {
      const lag = lags[at];
      return {
        ...describeShard(shard),
        parents: [...shard.parents],
        ...{ begin: encodeCursor(begin), end: encodeCursor(end), entries: Number(end - begin) },
        ...(lag === undefined ? {} : { lag }),
      };
    }),
  };
}
