/**
 * Consumer groups in the store: one document a group, consumers as leases of the group. A plain heartbeat is one store
 * operation, guarded by the versions of what this process knows of the group and its logstore.
 */
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { DocumentWrite, Guard, Store, Tenant } from '../../store/store.ts';
import {
  type ConsumedShard,
  ConsumerGroup,
  change as changed,
  type Heartbeat,
  hear,
  isSettled,
  isUnclear,
  newGroup,
  reconcile,
  shardsOf,
} from './consumer-group.ts';
import { decodeCursor } from './cursor.ts';
import { errors } from './errors.ts';
import { endsOf } from './logs.ts';
import {
  forgetLogs,
  type Logstore,
  logstoreDocument,
  type ResourceContext,
  type ResourceSettings,
  readLogstore,
  tenantOf,
} from './resources.ts';

export interface GroupContext extends ResourceContext {
  readonly config: ResourceSettings & {
    readonly slsMaxConsumerGroups: number;
    readonly slsMaxConsumers: number;
  };
  readonly groups: GroupCache;
  nowMicros(): number;
  /** Changes of groups that are under way in this process, the last of each. */
  readonly queues: Map<string, Promise<unknown>>;
}

export interface KnownGroup {
  readonly tenant: Tenant;
  readonly project: string;
  /** Where the group's document is. */
  readonly document: { readonly collection: string; readonly key: string };
  /** Names the group's leases. */
  readonly lease: string;
  readonly group: ConsumerGroup;
  readonly version: number;
  readonly logstore: Logstore;
  readonly logstoreVersion: number;
  /** That neither the group nor its logstore changed. */
  readonly guards: readonly Guard[];
  /** Answers to consumers whose heartbeats change nothing while they list what they own. */
  readonly settled: Map<string, { readonly owned: readonly number[]; readonly text: string }>;
}

/** What this process knows of groups. It may be out of date: every use is guarded by the versions in it. */
export type GroupCache = Map<string, KnownGroup>;

/** Bounds the cache; which group goes does not matter, it is read again. */
const maxKnown = 10_000;
const maxAttempts = 32;

const groupName = /^[0-9a-zA-Z_-]{1,128}$/;
const maxTimeoutSeconds = 4_294_967_295;

function collectionOf(logstore: string): string {
  return `groups:${logstore}`;
}

/** Neither name holds a slash. */
function leaseGroupOf(logstore: string, group: string): string {
  return `${logstore}/${group}`;
}

/** As the store has it now. Throws 404s for what does not exist. */
async function readGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
): Promise<KnownGroup> {
  const tenant = tenantOf(project);
  const { value, version: logstoreVersion } = await readLogstore(context, project, logstore);
  const document = { collection: collectionOf(logstore), key: group };
  const [found] = await context.store.readDocuments({ tenant, documents: [document] });
  if (found === null || found === undefined) throw errors.groupNotExist();
  const parsed: unknown = JSON.parse(found.value);
  if (!Value.Check(ConsumerGroup, parsed))
    throw new Error('a document of a consumer group is not what it should be');
  return {
    tenant,
    project,
    document,
    lease: leaseGroupOf(logstore, group),
    group: parsed,
    version: found.version,
    logstore: value,
    logstoreVersion,
    guards: [
      { ...document, version: found.version },
      { ...logstoreDocument(logstore), version: logstoreVersion },
    ],
    settled: new Map(),
  };
}

/** The group as this process knows it, for whoever guards what follows with `guards`; read if it does not, or if `fresh`. */
export async function knownGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
  fresh = false,
): Promise<KnownGroup> {
  const key = cacheKeyOf(project, logstore, group);
  const known = context.groups.get(key);
  if (known !== undefined && !fresh) return known;
  const read = await readGroup(context, project, logstore, group);
  // The same as before keeps what is known of its consumers.
  if (known?.version === read.version && known.logstoreVersion === read.logstoreVersion) return known;
  remember(context.groups, key, read);
  return read;
}

/** It turned out to be out of date. */
export function forgetGroup(context: GroupContext, known: KnownGroup): void {
  const key = `${known.project}/${known.lease}`;
  if (context.groups.get(key) === known) context.groups.delete(key);
}

function cacheKeyOf(project: string, logstore: string, group: string): string {
  return `${project}/${leaseGroupOf(logstore, group)}`;
}

/** The same group after its document was written. */
function rewritten(known: KnownGroup, group: ConsumerGroup, version: number): KnownGroup {
  const [, ...logstoreGuards] = known.guards;
  return {
    ...known,
    group,
    version,
    guards: [{ ...known.document, version }, ...logstoreGuards],
    settled: new Map(),
  };
}

/** Where the checkpoints of a group are, one document a shard. */
export function checkpointsOf({ id }: ConsumerGroup): string {
  return `checkpoints:${id}`;
}

export const Checkpoint = Type.Object({
  checkpoint: Type.String(),
  /** Microseconds since 1970. */
  updateTime: Type.Integer(),
});
export type Checkpoint = Static<typeof Checkpoint>;

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
  const key = `${project}/${logstore}/${name}`;
  const settled = await hearOnce(context, project, logstore, name, beat, false);
  if (settled !== undefined) return settled;
  // What changes the group goes one by one in this process: many at once would only get into each other's way.
  return oneByOne(context.queues, key, async () => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const answer = await hearOnce(context, project, logstore, name, beat, true);
      if (answer !== undefined) return answer;
    }
    throw new Error(`the consumer group ${key} kept changing under a heartbeat`);
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
  const known = await knownGroup(context, project, logstore, name);
  const { group, tenant } = known;
  const answer = await store.beat({
    tenant,
    holder: beat.consumer,
    groups: [{ group: known.lease }],
    ttlMs: group.timeout * 1_000,
    // Who is unknown may join with empty hands only: what it holds may be somebody else's by now.
    grant: beat.held.length === 0,
    guards: known.guards,
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

/** Undefined, and nothing written, if the group or its logstore changed in between. `also`: in the same step. */
export async function writeGroup(
  context: GroupContext,
  known: KnownGroup,
  next: ConsumerGroup,
  also: readonly DocumentWrite[] = [],
): Promise<KnownGroup | undefined> {
  const { committed, versions } = await context.store.commit({
    tenant: known.tenant,
    guards: known.guards.slice(1),
    writes: [{ ...known.document, version: known.version, value: JSON.stringify(next) }, ...also],
  });
  forgetGroup(context, known);
  if (!committed) return undefined;
  const now = rewritten(known, next, versions[0] ?? 0);
  remember(context.groups, `${known.project}/${known.lease}`, now);
  return now;
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

function remember(cache: GroupCache, key: string, known: KnownGroup): void {
  if (cache.size >= maxKnown && !cache.has(key)) cache.delete(cache.keys().next().value ?? '');
  cache.set(key, known);
}

function isTimeout(timeout: number): boolean {
  return Number.isSafeInteger(timeout) && timeout >= 1 && timeout <= maxTimeoutSeconds;
}

export async function createGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
  timeout: number,
  order: boolean,
): Promise<void> {
  const { version } = await readLogstore(context, project, logstore);
  if (!groupName.test(name) || !isTimeout(timeout)) throw errors.groupInfoInvalid();
  const tenant = tenantOf(project);
  const collection = collectionOf(logstore);
  const existing = await context.store.listDocuments({ tenant, collection });
  if (existing.some(({ key }) => key === name)) throw errors.groupAlreadyExist();
  if (existing.length >= context.config.slsMaxConsumerGroups) throw errors.groupQuota();
  const { committed } = await context.store.commit({
    tenant,
    guards: [{ ...logstoreDocument(logstore), version }],
    writes: [
      {
        collection,
        key: name,
        version: 0,
        value: JSON.stringify(newGroup(context.randomBytes(8).toString('hex'), timeout, order)),
      },
    ],
  });
  // Somebody made it in between, or changed the logstore: looking again tells which.
  if (!committed) await createGroup(context, project, logstore, name, timeout, order);
}

export interface GroupDescription {
  readonly name: string;
  readonly order: boolean;
  readonly timeout: number;
}

/** Names of the groups of a logstore. */
export async function groupNames(
  { store }: GroupContext,
  project: string,
  logstore: string,
): Promise<readonly string[]> {
  const collection = collectionOf(logstore);
  const documents = await store.listDocuments({ tenant: tenantOf(project), collection });
  return documents.map(({ key }) => key);
}

export async function listGroups(
  context: GroupContext,
  project: string,
  logstore: string,
): Promise<readonly GroupDescription[]> {
  await readLogstore(context, project, logstore);
  const documents = await context.store.listDocuments({
    tenant: tenantOf(project),
    collection: collectionOf(logstore),
  });
  return documents.map(({ key, value }) => {
    const { order, timeout } = JSON.parse(value) as ConsumerGroup;
    return { name: key, order, timeout };
  });
}

/** A changed timeout holds from each consumer's next heartbeat on. */
export async function updateGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
  change: { readonly timeout?: number; readonly order?: boolean },
): Promise<void> {
  if (change.timeout !== undefined && !isTimeout(change.timeout)) throw errors.groupUpdateInvalid();
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const known = await readGroup(context, project, logstore, name);
    if ((await writeGroup(context, known, changed(known.group, change))) !== undefined) return;
  }
  throw new Error(`the consumer group ${name} kept changing under an update`);
}

/** Succeeds also where there is none ("DeleteConsumerGroup"). Its consumers go with it. */
export async function deleteGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
): Promise<void> {
  await readLogstore(context, project, logstore);
  const tenant = tenantOf(project);
  const collection = collectionOf(logstore);
  const [found] = await context.store.readDocuments({ tenant, documents: [{ collection, key: name }] });
  if (found === null || found === undefined) return;
  await context.store.commit({ tenant, writes: [{ collection, key: name, value: null }] });
  await forgetConsumption(context, tenant, leaseGroupOf(logstore, name), found.value);
}

/** With its logs, its consumer groups and their consumers. */
export async function deleteLogstore(
  context: GroupContext,
  project: string,
  logstore: string,
): Promise<void> {
  const { value } = await readLogstore(context, project, logstore);
  const tenant = tenantOf(project);
  const collection = collectionOf(logstore);
  const groups = await context.store.listDocuments({ tenant, collection });
  await context.store.commit({
    tenant,
    writes: [
      { ...logstoreDocument(logstore), value: null },
      ...groups.map(({ key }) => ({ collection, key, value: null })),
    ],
  });
  await forgetLogs(context, project, value, value.shards);
  for (const group of groups)
    await forgetConsumption(context, tenant, leaseGroupOf(logstore, group.key), group.value);
}

/** The consumers and checkpoints of a group that is gone already: nobody can add to them any more. */
async function forgetConsumption(
  { store }: GroupContext,
  tenant: Tenant,
  lease: string,
  document: string,
): Promise<void> {
  const collection = checkpointsOf(JSON.parse(document) as ConsumerGroup);
  const checkpoints = await store.listDocuments({ tenant, collection });
  await store.commit({ tenant, writes: checkpoints.map(({ key }) => ({ collection, key, value: null })) });
  await endConsumers(store, tenant, lease);
}

async function endConsumers(store: Store, tenant: Tenant, group: string): Promise<void> {
  const { leases } = await store.members({ tenant, group, offset: 0, limit: Number.MAX_SAFE_INTEGER });
  await Promise.all(leases.map(({ holder }) => store.release({ tenant, holder, groups: [group] })));
}
