/** Checkpoints: how far each shard is consumed in a group ("ConsumerGroupUpdateCheckPoint", "GetCheckPoint"). */

import { decodeCursor, isBase64 } from '../logs/cursor.ts';
import { endsOf } from '../logs/shard-log.ts';
import { errors } from '../wire/errors.ts';
import { outdate } from './consumer-group.ts';
import {
  type Checkpoint,
  checkpointsOf,
  forgetGroup,
  type GroupContext,
  type KnownGroup,
  knownGroup,
  writeGroup,
} from './group-store.ts';

export interface CheckpointUpdate {
  readonly shard: number;
  readonly checkpoint: string;
  /** Empty: none was named. */
  readonly consumer: string;
  /** Saved whoever holds the shard. */
  readonly force: boolean;
}

export interface CheckpointEntry {
  readonly shard: number;
  /** Empty: none was ever saved. */
  readonly checkpoint: string;
  readonly updateTime: number;
  /** Who holds the shard; empty: nobody. */
  readonly consumer: string;
}

const maxAttempts = 32;
const maxCheckpointLength = 1_024;

/**
 * Saves a checkpoint. One that is where a shard ends that takes no more makes the shard `over`; one that leads back makes
 * it one to consume again. Throws the errors of "ConsumerGroupUpdateCheckPoint".
 */
export async function updateCheckpoint(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
  update: CheckpointUpdate,
): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const known = await knownGroup(context, project, logstore, group);
    const outcome = await saveOnce(context, known, update);
    if (outcome === 'saved') return;
    forgetGroup(context, known);
    // Whoever is refused is refused by what is, not by what this process remembers.
    if (outcome !== 'stale' && attempt > 0) throw outcome;
  }
  throw errors.busy();
}

async function saveOnce(
  context: GroupContext,
  known: KnownGroup,
  update: CheckpointUpdate,
): Promise<'saved' | 'stale' | Error> {
  const { tenant, logstore, group } = known;
  const { shard: id, checkpoint } = update;
  if (!isBase64(checkpoint) || checkpoint.length > maxCheckpointLength) return errors.checkpointInvalid();
  const shard = logstore.shards.find(({ shardID }) => shardID === id);
  if (shard === undefined) return errors.shardNotExistInGroup();
  const refusal = update.force ? undefined : await refusalOf(context, known, update);
  if (refusal !== undefined) return refusal;

  const state = group.shards.find((known) => known.id === id)?.state;
  let isOutdated = false;
  if (shard.status === 'readonly') {
    const [end] = await endsOf(context, known.project, logstore, [shard]);
    isOutdated = (decodeCursor(checkpoint) === end) !== (state === 'over');
  }
  const value: Checkpoint = { checkpoint, updateTime: context.nowMicros() };
  const write = { collection: checkpointsOf(group), key: String(id), value: JSON.stringify(value) };
  if (isOutdated) {
    return (await writeGroup(context, known, outdate(group), [write])) === undefined ? 'stale' : 'saved';
  }
  const { committed } = await context.store.commit({ tenant, guards: known.guards, writes: [write] });
  return committed ? 'saved' : 'stale';
}

/** Without force only who holds the shard may save, one too that is about to hand it over. */
async function refusalOf(
  { store }: GroupContext,
  { tenant, lease, group }: KnownGroup,
  { shard: id, consumer }: CheckpointUpdate,
): Promise<Error | undefined> {
  const member = consumer === '' ? null : await store.read({ tenant, group: lease, holder: consumer });
  if (member === null) return errors.consumerNotExist();
  const owner = group.shards.find((shard) => shard.id === id)?.owner;
  return owner === consumer ? undefined : errors.consumerNotMatch();
}

/** The checkpoints of all shards of the logstore, those too that have none; or of one, and of no one that is unknown. */
export async function getCheckpoints(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
  shardId: string | undefined,
): Promise<readonly CheckpointEntry[]> {
  const known = await knownGroup(context, project, logstore, group, true);
  const shards = known.logstore.shards.filter(
    ({ shardID }) => shardId === undefined || String(shardID) === shardId,
  );
  if (shards.length === 0) return [];
  const collection = checkpointsOf(known.group);
  const documents = await context.store.readDocuments({
    tenant: known.tenant,
    documents: shards.map(({ shardID }) => ({ collection, key: String(shardID) })),
  });
  return shards.map(({ shardID }, at) => {
    const document = documents[at];
    const { checkpoint, updateTime }: Checkpoint =
      document === null || document === undefined
        ? { checkpoint: '', updateTime: 0 }
        : (JSON.parse(document.value) as Checkpoint);
    const consumer = known.group.shards.find(({ id }) => id === shardID)?.owner ?? '';
    return { shard: shardID, checkpoint, updateTime, consumer };
  });
}
