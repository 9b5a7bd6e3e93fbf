/**
 * Heartbeats ("ConsumerGroupHeartBeat"). A plain one is one store operation, guarded by the versions of what this process
 * knows of the group and its logstore; one that finds the membership or the shards changed computes the assignment anew.
 */
import {
  type ConsumedShard,
  type ConsumerGroup,
  type Heartbeat,
  hear,
  isSettled,
  isUnclear,
  reconcile,
  shardsOf,
} from './consumer-group.ts';
import { decodeCursor } from './cursor.ts';
import { errors } from './errors.ts';
import {
  type Checkpoint,
  cachedGroup,
  checkpointsOf,
  forgetGroup,
  type GroupContext,
  type KnownGroup,
  knownGroup,
  writeGroup,
} from './group-store.ts';
import { endsOf } from './logs.ts';

const maxAttempts = 32;

/**
 * A consumer's heartbeat: the JSON text of the shards that are its own now. Throws 404s for what does not exist, and
 * NotExistConsumerWithBody for a consumer that is not (or no longer) known and says that it holds something.
 */
export async function heartbeat(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
  beat: Heartbeat,
): Promise<string> {
  const settled = await hearOnce(context, project, logstore, name, beat, false);
  if (settled !== undefined) return settled;
  // What changes the group goes one by one in this process: many at once would only get into each other's way.
  return oneByOne(context.queues, `${project}/${logstore}/${name}`, async () => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const answer = await hearOnce(context, project, logstore, name, beat, true);
      if (answer !== undefined) return answer;
    }
    // It kept changing under this heartbeat.
    throw errors.busy();
  });
}

/** Undefined if what this process knew was out of date, or if the group has to change and may not. */
async function hearOnce(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
  beat: Heartbeat,
  mayChange: boolean,
): Promise<string | undefined> {
  const { store } = context;
  const known =
    cachedGroup(context, project, logstore, name) ?? (await knownGroup(context, project, logstore, name));
  const { group, tenant } = known;
  const answer = await store.beat({
    tenant,
    holder: beat.consumer,
    groups: [{ group: known.lease }],
    ttlMs: group.timeout * 1_000,
    // Who is unknown may join with empty hands only: what it holds may be somebody else's by now.
    grant: beat.held.length === 0,
    guards: known.guards,
    returning: 'revision',
  });
  if (answer.stale) {
    forgetGroup(context, known);
    return undefined;
  }
  const [lease] = answer.leases;
  if (lease === undefined || lease.state === 'absent') throw errors.consumerNotExistWithBody();
  const isCurrent = lease.revision === group.revision && known.logstoreVersion === group.logstoreVersion;
  if (isCurrent) {
    const settled = known.settled.get(beat.consumer);
    if (settled?.owned.every((id) => beat.held.includes(id)) === true) return settled.text;
    if (hear(group, beat) === group && !isUnclear(group, beat)) return answerFrom(known, beat.consumer);
  }
  if (!mayChange) return undefined;
  const heartbeat = isUnclear(group, beat)
    ? { ...beat, leaseMs: (await store.now({ tenant })).leaseMs }
    : beat;
  const next = isCurrent ? hear(group, heartbeat) : await reconciled(context, known, heartbeat);
  if (next === group) return answerFrom(known, beat.consumer);
  const now = await writeGroup(context, known, next);
  return now === undefined ? undefined : answerFrom(now, beat.consumer);
}

/** The shards as consumption sees them: of those that take no more, whether the checkpoint is where they end. */
async function consumedShards(context: GroupContext, known: KnownGroup): Promise<readonly ConsumedShard[]> {
  const { tenant, project, logstore, group } = known;
  const closed = logstore.shards.filter(({ status }) => status === 'readonly');
  const finished = new Set<number>();
  if (closed.length > 0) {
    const collection = checkpointsOf(group);
    const [ends, checkpoints] = await Promise.all([
      endsOf(context, project, logstore, closed),
      context.store.readDocuments({
        tenant,
        documents: closed.map(({ shardID }) => ({ collection, key: String(shardID) })),
      }),
    ]);
    for (const [at, { shardID }] of closed.entries()) {
      const document = checkpoints[at];
      if (document === null || document === undefined) continue;
      const { checkpoint } = JSON.parse(document.value) as Checkpoint;
      if (decodeCursor(checkpoint) === ends[at]) finished.add(shardID);
    }
  }
  return logstore.shards.map(({ shardID, parents }) => ({
    id: shardID,
    parents,
    isFinished: finished.has(shardID),
  }));
}

/** The group as the next heartbeat will find it: what fell due since the last one is done, though nobody wrote it down. */
export async function currentGroup(context: GroupContext, known: KnownGroup): Promise<ConsumerGroup> {
  return reconciled(context, known, undefined);
}

async function reconciled(
  context: GroupContext,
  known: KnownGroup,
  heartbeat: Heartbeat | undefined,
): Promise<ConsumerGroup> {
  const [members, shards] = await Promise.all([
    context.store.members({
      tenant: known.tenant,
      group: known.lease,
      offset: 0,
      limit: Number.MAX_SAFE_INTEGER,
    }),
    consumedShards(context, known),
  ]);
  const { slsMaxConsumers } = context.config;
  if (heartbeat !== undefined && members.count > slsMaxConsumers) {
    const isNew = members.leases.slice(slsMaxConsumers).some(({ holder }) => holder === heartbeat.consumer);
    // The oldest stay: members come in the order in which they joined.
    if (isNew) {
      await context.store.release({
        tenant: known.tenant,
        holder: heartbeat.consumer,
        groups: [known.lease],
      });
      throw errors.consumerQuota();
    }
  }
  return reconcile(known.group, {
    consumers: members.leases.map(({ holder }) => holder),
    revision: members.revision,
    logstoreVersion: known.logstoreVersion,
    shards,
    ...(heartbeat === undefined ? {} : { heartbeat }),
  });
}

/** Runs a step when all earlier ones of the same name are over, however they ended. */
function oneByOne<T>(
  queues: Map<string, Promise<unknown>>,
  name: string,
  step: () => Promise<T>,
): Promise<T> {
  const before = queues.get(name) ?? Promise.resolve();
  const mine = before.then(step, step);
  queues.set(name, mine);
  const forget = (): void => {
    if (queues.get(name) === mine) queues.delete(name);
  };
  mine.then(forget, forget);
  return mine;
}

function answerFrom(known: KnownGroup, consumer: string): string {
  const owned = shardsOf(known.group, consumer);
  const text = JSON.stringify(owned);
  if (isSettled(known.group, consumer)) known.settled.set(consumer, { owned, text });
  return text;
}
