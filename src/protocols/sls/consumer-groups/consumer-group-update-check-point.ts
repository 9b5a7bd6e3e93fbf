/** "ConsumerGroupUpdateCheckPoint". */

import { Type } from '@sinclair/typebox';
import { isDebugging } from '../../../settings/log.ts';
import { dateOf } from '../../kit/date.ts';
import { whenQuery } from '../../kit/operation.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { validator } from '../../kit/validate.ts';
import { decodeCursor, isBase64 } from '../logs/cursor.ts';
import { endsOf } from '../logs/shard-log.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { parseJson } from '../wire/request.ts';
import type { GroupContext } from './context.ts';
import { forgetGroup, knownGroup, writeGroup } from './group/group-store.ts';
import {
  type Checkpoint,
  checkpointDocuments,
  type GroupRef,
  groupSubject,
  type KnownGroup,
} from './group/known-group.ts';
import { markStale } from './rebalance/consumer-group.ts';

const Query = Type.Object({
  type: Type.Literal('checkpoint'),
  consumer: Type.Optional(Type.String({ description: 'the owner of the shard' })),
  forceSuccess: Type.Optional(
    Type.String({ description: 'true: save even if the consumer does not own the shard' }),
  ),
});
const Body = Type.Object({
  shard: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  checkpoint: Type.String(),
});
const checkBody = validator(Body);
const maxCheckpointLength = 1_024;

export function consumerGroupUpdateCheckPoint(context: GroupContext): SlsOperation {
  return {
    name: 'ConsumerGroupUpdateCheckPoint',
    summary: 'Saves the checkpoint of a shard that the consumer owns',
    method: 'POST',
    path: '/logstores/:logstore/consumergroups/:group',
    when: whenQuery('type', 'checkpoint'),
    schema: { query: Query, body: Body, replies: { 200: 'Saved' } },
    errors: [
      ...logstoreErrors,
      'ConsumerGroupNotExist',
      'ConsumerNotExist',
      'ConsumerNotMatch',
      'InvalidShardCheckPoint',
      'PostBodyInvalid',
      'ShardNotExistInGroup',
    ],
    subject: groupSubject,
    async run(call) {
      const { consumer = '', forceSuccess } = call.query;
      const wanted = checkBody(parseJson(call.body), () => errors.PostBodyInvalid('JSON'));
      const isForced = forceSuccess?.toLowerCase() === 'true';
      const checkpoint = wanted.checkpoint.trim();
      await updateCheckpoint(context, call, { shard: wanted.shard, checkpoint, consumer, isForced });
      return emptyReply;
    },
  };
}

export interface CheckpointUpdate {
  readonly shard: number;
  readonly checkpoint: string;
  /** Empty: the request names none. */
  readonly consumer: string;
  /** Save even if the consumer does not own the shard. */
  readonly isForced: boolean;
}

/**
 * Saves a checkpoint. One at the end of a read-only shard makes the shard `over`; one that goes back from there makes it consumable again.
 * Throws the errors of the call.
 */
export async function updateCheckpoint(
  context: GroupContext,
  ref: GroupRef,
  update: CheckpointUpdate,
): Promise<void> {
  let isReread = false;
  await retryOnConflict(async () => {
    const known = await knownGroup(context, ref);
    const outcome = await trySave(context, known, update);
    if (outcome === 'saved') return true;
    forgetGroup(context, known);
    // A refusal has to follow from the store's state, not from what this process remembers.
    if (outcome !== 'stale' && isReread) throw outcome;
    isReread = true;
    return undefined;
  });
  if (isDebugging(context.log)) {
    const { consumer: holder, shard, checkpoint } = update;
    context.log.debug(
      { ...groupSubject({ ...ref, query: {} }), holder, shard, checkpoint },
      'checkpoint saved',
    );
  }
}

async function trySave(
  context: GroupContext,
  known: KnownGroup,
  update: CheckpointUpdate,
): Promise<'saved' | 'stale' | Error> {
  const { tenant, ref, logstore, group, guards } = known;
  const { shard: id, checkpoint } = update;
  if (!isBase64(checkpoint) || checkpoint.length > maxCheckpointLength)
    return errors.InvalidShardCheckPoint();
  const shard = logstore.shards.find(({ shardID }) => shardID === id);
  if (shard === undefined) return errors.ShardNotExistInGroup();
  const refusal = update.isForced ? undefined : await findRefusal(context, known, update);
  if (refusal !== undefined) return refusal;

  const value: Checkpoint = {
    checkpoint,
    updateTime: Math.floor((await dateOf(context.store, tenant)) * 1_000),
  };
  const write = checkpointDocuments(group).write(String(id), value);
  if (shard.status === 'readonly') {
    const [end] = await endsOf(context, { project: ref.project, logstore, shards: [shard] });
    const isOver = group.shards.find((consumed) => consumed.id === id)?.state === 'over';
    if ((decodeCursor(checkpoint) === end) !== isOver) {
      const written = await writeGroup(context, known, markStale(group), [write]);
      return written === undefined ? 'stale' : 'saved';
    }
  }
  const { committed } = await context.store.commit({ tenant, guards, writes: [write] });
  return committed ? 'saved' : 'stale';
}

/** Without force only the owner of the shard may save, also while the shard is in transfer. */
async function findRefusal(
  { store }: GroupContext,
  { tenant, lease, group }: KnownGroup,
  { shard: id, consumer }: CheckpointUpdate,
): Promise<Error | undefined> {
  const member = consumer === '' ? null : await store.read({ tenant, group: lease, holder: consumer });
  if (member === null) return errors.ConsumerNotExist();
  const owner = group.shards.find((shard) => shard.id === id)?.owner;
  return owner === consumer ? undefined : errors.ConsumerNotMatch();
}
