/**
 * Consumer groups in the store: one document a group, consumers as leases of the group, checkpoints as documents of their own.
 * What a process knows of a group may be out of date: whoever uses it guards what follows by the versions in it.
 */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { DocumentWrite, Guard, Tenant } from '../../../store/store.ts';
import {
  type Logstore,
  logstoreDocument,
  type ResourceContext,
  type ResourceSettings,
  readLogstore,
  tenantOf,
} from '../resources/logstores/logstores.ts';
import { errors } from '../wire/errors.ts';
import { ConsumerGroup } from './consumer-group.ts';

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

export function collectionOf(logstore: string): string {
  return `groups:${logstore}`;
}

/** Neither name holds a slash. */
export function leaseGroupOf(logstore: string, group: string): string {
  return `${logstore}/${group}`;
}

const isConsumerGroup = TypeCompiler.Compile(ConsumerGroup);

/** As the store has it now. Throws 404s for what does not exist. */
export async function readGroup(
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
  if (!isConsumerGroup.Check(parsed))
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

/** The group as this process knows it, if it does. */
export function cachedGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  group: string,
): KnownGroup | undefined {
  return context.groups.get(cacheKeyOf(project, logstore, group));
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

function remember(cache: GroupCache, key: string, known: KnownGroup): void {
  if (cache.size >= maxKnown && !cache.has(key)) cache.delete(cache.keys().next().value ?? '');
  cache.set(key, known);
}
