/** Reads, caches, creates and changes logstores. */
import type { Versioned } from '../../../kit/documents.ts';
import { retryOnConflict } from '../../../kit/retry-on-conflict.ts';
import { errors, ignoring } from '../../wire/errors.ts';
import type { ResourceContext } from '../context.ts';
import { readProject, tenantOf } from '../projects/project.ts';
import { withOrigins } from '../shards/origin.ts';
import { newShards } from '../shards/shards.ts';
import {
  type Logstore,
  type LogstoreRef,
  type LogstoreSettings,
  logstoreDocuments,
  logstoreName,
  storedShards,
} from './logstore.ts';

/** Returns the logstore as this process last read it, which may be out of date; reads it if it never did. */
export async function knownLogstore(
  context: ResourceContext,
  ref: LogstoreRef,
): Promise<Versioned<Logstore>> {
  return context.logstores.get(cacheKeyOf(ref)) ?? readLogstore(context, ref);
}

/**
 * Returns a logstore, and creates it first if resources are created on first use. Throws ProjectNotExist and
 * LogStoreNotExist.
 */
export async function readLogstore(context: ResourceContext, ref: LogstoreRef): Promise<Versioned<Logstore>> {
  return (await readExisting(context, ref)) ?? createMissing(context, ref);
}

async function createMissing(context: ResourceContext, ref: LogstoreRef): Promise<Versioned<Logstore>> {
  const { project, logstore } = ref;
  await readProject(context, project);
  if (!context.config.slsAutoCreate || !logstoreName.test(logstore)) throw errors.LogStoreNotExist(logstore);
  return retryOnConflict(async () => {
    await createLogstore(context, ref, {}).catch(ignoring('LogStoreAlreadyExist'));
    return readExisting(context, ref);
  });
}

async function readExisting(
  { store, logstores }: ResourceContext,
  ref: LogstoreRef,
): Promise<Versioned<Logstore> | undefined> {
  const { collection, parse } = logstoreDocuments;
  const documents = [{ collection, key: ref.logstore }];
  const [document] = await store.readDocuments({ tenant: tenantOf(ref.project), documents });
  const key = cacheKeyOf(ref);
  const cached = logstores.get(key);
  // An unchanged document is not parsed again.
  if (document != null && document.version === cached?.version) return cached;
  const value = document == null ? undefined : parse(document.value);
  if (document == null || value === undefined) {
    logstores.delete(key);
    return undefined;
  }
  const found = { value, version: document.version };
  logstores.set(key, found);
  return found;
}

function cacheKeyOf({ project, logstore }: LogstoreRef): string {
  return `${project}/${logstore}`;
}

/** Creates a logstore. Throws LogStoreInfoInvalid, LogStoreAlreadyExist and ProjectQuotaExceed. */
export async function createLogstore(
  context: ResourceContext,
  { project, logstore }: LogstoreRef,
  { shardCount = context.config.slsShardCount, ...settings }: LogstoreSettings & { shardCount?: number },
): Promise<void> {
  await readProject(context, project);
  if (!logstoreName.test(logstore)) throw errors.LogStoreInfoInvalid(`logstore name ${logstore} is invalid`);
  const { slsMaxShards, slsMaxLogstores } = context.config;
  if (shardCount < 1 || shardCount > slsMaxShards) throw errors.LogStoreInfoInvalid();
  const { collection } = logstoreDocuments;
  const tenant = tenantOf(project);
  const existing = await context.store.listDocuments({ tenant, collection });
  if (existing.some(({ key }) => key === logstore)) throw errors.LogStoreAlreadyExist(logstore);
  if (existing.length >= slsMaxLogstores) throw errors.ProjectQuotaExceed();
  const createTime = await context.nowSeconds(tenant);
  const value: Logstore = {
    ttl: 30,
    enable_tracking: false,
    autoSplit: false,
    maxSplitShard: 64,
    appendMeta: false,
    telemetryType: '',
    mode: 'standard',
    ...settings,
    createTime,
    lastModifyTime: createTime,
    id: context.randomBytes(8).toString('hex'),
    ...storedShards(withOrigins(context, newShards(shardCount, createTime), 0)),
  };
  const { committed } = await context.store.commit({
    tenant,
    writes: [logstoreDocuments.write(logstore, value, { version: 0 })],
  });
  if (!committed) throw errors.LogStoreAlreadyExist(logstore);
}

/**
 * Changes a logstore by compare-and-swap. `change` may run more than once; it returns the logstore after the change and what this
 * function then returns.
 */
export async function changeLogstore<T>(
  context: ResourceContext,
  ref: LogstoreRef,
  change: (before: Logstore) => readonly [after: Logstore, result: T],
): Promise<T> {
  const { result } = await retryOnConflict(async () => {
    const { value, version } = await readLogstore(context, ref);
    const [after, result] = change(value);
    const { committed } = await context.store.commit({
      tenant: tenantOf(ref.project),
      writes: [logstoreDocuments.write(ref.logstore, after, { version })],
    });
    return committed ? { result } : undefined;
  });
  return result;
}
