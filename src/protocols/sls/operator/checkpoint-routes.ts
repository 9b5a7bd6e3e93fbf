/** `POST /_heartbeatd/sls/checkpoints`: sets checkpoints to the begin or end of shards, or to a time, without regard to the owner. */
import { type Static, Type } from '@sinclair/typebox';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { updateCheckpoint } from '../consumer-groups/consumer-group-update-check-point.ts';
import type { SlsContext } from '../context.ts';
import { encodeCursor } from '../logs/cursor.ts';
import { findByTime } from '../logs/get-cursor.ts';
import { logsOf, type ShardLog } from '../logs/shard-log.ts';
import { findLogstore, findShard, groupMember, logstoreMembers, refusing, tags } from './named-resources.ts';
import { findGroup } from './shard-lag.ts';

const maxSeconds = 4_294_967_295;

const SetCheckpoints = Type.Object(
  {
    ...logstoreMembers,
    group: groupMember,
    shard: Type.Optional(Type.Integer({ minimum: 0, description: 'default: every shard' })),
    to: Type.Union([Type.String({ maxLength: 64 }), Type.Number()], {
      description:
        'begin, end, or a time: the first log group received then or later; seconds since 1970, or ISO 8601',
    }),
  },
  { additionalProperties: false },
);
type SetCheckpoints = Static<typeof SetCheckpoints>;

const Saved = Type.Object({
  checkpoints: Type.Array(Type.Object({ shard: Type.Integer(), checkpoint: Type.String() })),
});
type Saved = Static<typeof Saved>;

/** Registers the route; the caller sets the prefix. */
export function checkpointRoutes(app: App, context: SlsContext): void {
  app.post(
    '/checkpoints',
    {
      schema: {
        tags,
        operationId: 'setCheckpoints',
        summary:
          'Sets checkpoints of a consumer group; a consumer reads them when it receives the shard, not before',
        body: SetCheckpoints,
        response: { 200: Saved, ...failures },
      },
    },
    async ({ body }) => refusing(() => setCheckpoints(context, body)),
  );
}

async function setCheckpoints(context: SlsContext, body: SetCheckpoints): Promise<Saved> {
  const { project, logstore, group, shard, to } = body;
  const place = parsePlace(to);
  const ref = { project, logstore };
  const { value } = await findLogstore(context, ref);
  await findGroup(context, ref, group);
  const shards = shard === undefined ? value.shards : [findShard(value, shard)];
  const logs = await logsOf(context, { project, logstore: value, shards });
  const checkpoints: { shard: number; checkpoint: string }[] = [];
  for (const [at, { shardID }] of shards.entries()) {
    const log = logs[at];
    if (log === undefined) continue;
    const checkpoint = encodeCursor(await positionAt(context, log, place));
    const update = { shard: shardID, checkpoint, consumer: '', isForced: true };
    await updateCheckpoint(context, { ...ref, group }, update);
    checkpoints.push({ shard: shardID, checkpoint });
  }
  return { checkpoints };
}

type Place = 'begin' | 'end' | { readonly seconds: number };

/** Throws OperatorRefusal 400. */
function parsePlace(to: SetCheckpoints['to']): Place {
  if (to === 'begin' || to === 'end') return to;
  // A text without a date is no time, though Date would read some.
  const isTime = typeof to === 'string' && /^\d{4}-\d\d-\d\d/.test(to);
  const seconds = typeof to === 'number' ? to : isTime ? Math.ceil(Date.parse(to) / 1_000) : Number.NaN;
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= maxSeconds) return { seconds };
  throw new OperatorRefusal(
    400,
    `to: ${JSON.stringify(to)} is not begin, end, seconds since 1970 or a time such as 2026-01-31T12:00:00Z`,
  );
}

async function positionAt(context: SlsContext, log: ShardLog, place: Place): Promise<bigint> {
  if (place === 'begin') return log.begin;
  if (place === 'end') return log.end;
  return findByTime(context, log, place.seconds);
}
