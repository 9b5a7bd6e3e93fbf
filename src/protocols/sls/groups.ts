/**
 * Consumer groups in the store: one document a group, consumers as leases of the group. A plain heartbeat is one store
 * operation, guarded by the versions of what this process knows of the group and its logstore.
 */
import { Value } from '@sinclair/typebox/value';
import type { Store, Tenant } from '../../store/store.ts';
import {
  ConsumerGroup,
  type Heartbeat,
  hear,
  isSettled,
  newGroup,
  reconcile,
  shardsOf,
} from './consumer-group.ts';
import { errors } from './errors.ts';
import {
  logstoreDocument,
  type ResourceContext,
  type ResourceSettings,
  readLogstore,
  tenantOf,
} from './resources.ts';

export interface GroupContext extends ResourceContext {
  readonly config: ResourceSettings & { readonly slsMaxConsumerGroups: number };
  readonly groups: GroupCache;
  /** Changes of groups that are under way in this process, the last of each. */
  readonly queues: Map<string, Promise<unknown>>;
}

interface KnownGroup {
  readonly tenant: Tenant;
  /** Names the group's leases. */
  readonly lease: string;
  readonly group: ConsumerGroup;
  readonly version: number;
  readonly logstoreVersion: number;
  readonly shardIds: readonly number[];
  readonly guards: readonly { readonly collection: string; readonly key: string; readonly version: number }[];
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

async function readGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
): Promise<KnownGroup> {
  const { store } = context;
  const tenant = tenantOf(project);
  const { value, version: logstoreVersion } = await readLogstore(context, project, logstore);
  const named = { collection: collectionOf(logstore), key: group };
  const [document] = await store.readDocuments({ tenant, documents: [named] });
  if (document === null || document === undefined) throw errors.groupNotExist();
  const parsed: unknown = JSON.parse(document.value);
  if (!Value.Check(ConsumerGroup, parsed))
    throw new Error('a document of a consumer group is not what it should be');
  return knownGroup(
    tenant,
    logstore,
    group,
    parsed,
    document.version,
    logstoreVersion,
    value.shards.map(({ shardID }) => shardID),
  );
}

function knownGroup(
  tenant: Tenant,
  logstore: string,
  name: string,
  group: ConsumerGroup,
  version: number,
  logstoreVersion: number,
  shardIds: readonly number[],
): KnownGroup {
  return {
    tenant,
    lease: leaseGroupOf(logstore, name),
    group,
    version,
    logstoreVersion,
    shardIds,
    guards: [
      { collection: collectionOf(logstore), key: name, version },
      { ...logstoreDocument(logstore), version: logstoreVersion },
    ],
    settled: new Map(),
  };
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
  const { store, groups: cache } = context;
  const key = `${project}/${logstore}/${name}`;
  const known = cache.get(key) ?? (await readGroup(context, project, logstore, name));
  const answer = await store.beat({
    tenant: known.tenant,
    holder: beat.consumer,
    groups: [{ group: known.lease }],
    ttlMs: known.group.timeout * 1_000,
    // Who is unknown may join with empty hands only: what it holds may be somebody else's by now.
    grant: beat.held.length === 0,
    guards: known.guards,
  });
  if (answer.stale) {
    if (cache.get(key) === known) cache.delete(key);
    return undefined;
  }
  const [lease] = answer.leases;
  if (lease === undefined || lease.state === 'absent') throw errors.consumerNotExistWithBody();
  const { group, tenant, shardIds, logstoreVersion } = known;
  let next: ConsumerGroup;
  if (lease.revision === group.revision && logstoreVersion === group.logstoreVersion) {
    const settled = known.settled.get(beat.consumer);
    if (settled?.owned.every((id) => beat.held.includes(id)) === true) return settled.text;
    next = hear(group, beat);
    if (next === group) {
      remember(cache, key, known);
      return answerFrom(known, beat.consumer);
    }
    if (!mayChange) return undefined;
  } else {
    if (!mayChange) return undefined;
    const members = await store.members({
      tenant,
      group: known.lease,
      offset: 0,
      limit: Number.MAX_SAFE_INTEGER,
    });
    const consumers = members.leases.map(({ holder }) => holder);
    next = reconcile(group, {
      consumers,
      revision: members.revision,
      logstoreVersion,
      shardIds,
      heartbeat: beat,
    });
  }
  const { committed, versions } = await store.commit({
    tenant,
    guards: known.guards.slice(1),
    writes: [
      { collection: collectionOf(logstore), key: name, version: known.version, value: JSON.stringify(next) },
    ],
  });
  if (!committed) {
    if (cache.get(key) === known) cache.delete(key);
    return undefined;
  }
  const now = knownGroup(tenant, logstore, name, next, versions[0] ?? 0, logstoreVersion, shardIds);
  remember(cache, key, now);
  return answerFrom(now, beat.consumer);
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
    writes: [{ collection, key: name, version: 0, value: JSON.stringify(newGroup(timeout, order)) }],
  });
  // Somebody made it in between, or changed the logstore: looking again tells which.
  if (!committed) await createGroup(context, project, logstore, name, timeout, order);
}

export interface GroupDescription {
  readonly name: string;
  readonly order: boolean;
  readonly timeout: number;
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
    const { tenant, group, version } = await readGroup(context, project, logstore, name);
    const value = JSON.stringify({ ...group, ...change } satisfies ConsumerGroup);
    const writes = [{ collection: collectionOf(logstore), key: name, version, value }];
    if ((await context.store.commit({ tenant, writes })).committed) return;
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
  await context.store.commit({
    tenant,
    writes: [{ collection: collectionOf(logstore), key: name, value: null }],
  });
  await endConsumers(context.store, tenant, leaseGroupOf(logstore, name));
}

/** With its consumer groups and their consumers. */
export async function deleteLogstore(
  context: GroupContext,
  project: string,
  logstore: string,
): Promise<void> {
  await readLogstore(context, project, logstore);
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
  for (const { key } of groups) await endConsumers(context.store, tenant, leaseGroupOf(logstore, key));
}

async function endConsumers(store: Store, tenant: Tenant, group: string): Promise<void> {
  const { leases } = await store.members({ tenant, group, offset: 0, limit: Number.MAX_SAFE_INTEGER });
  await Promise.all(leases.map(({ holder }) => store.release({ tenant, holder, groups: [group] })));
}
