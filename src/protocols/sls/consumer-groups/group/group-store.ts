/** Reads, caches and writes consumer groups. */
import type { DocumentWrite } from '../../../../store/store.ts';
import { logstoreGuard } from '../../resources/logstores/logstore.ts';
import { readLogstore } from '../../resources/logstores/logstore-store.ts';
import { tenantOf } from '../../resources/projects/project.ts';
import { errors } from '../../wire/errors.ts';
import type { GroupContext } from '../context.ts';
import type { ConsumerGroup } from '../rebalance/consumer-group.ts';
import { type GroupRef, groupDocuments, type KnownGroup, leaseGroupOf } from './known-group.ts';
import { shardEvents } from './shard-events.ts';

/** Returns the group as the store has it. Throws ProjectNotExist, LogStoreNotExist and ConsumerGroupNotExist. */
export async function readGroup(context: GroupContext, ref: GroupRef): Promise<KnownGroup> {
  const { project, logstore, group } = ref;
  const tenant = tenantOf(project);
  const { value, version: logstoreVersion } = await readLogstore(context, ref);
  const documents = groupDocuments(logstore);
  const found = await documents.read(context.store, tenant, group);
  if (found === undefined) throw errors.ConsumerGroupNotExist();
  const { version } = found;
  return {
    ref: { project, logstore, group },
    tenant,
    lease: leaseGroupOf(ref),
    group: found.value,
    version,
    logstore: value,
    logstoreVersion,
    guards: [
      { collection: documents.collection, key: group, version },
      logstoreGuard(logstore, logstoreVersion),
    ],
    settled: new Map(),
  };
}

/** Returns the group as this process knows it, if it does. */
export function cachedGroup({ groups }: GroupContext, ref: GroupRef): KnownGroup | undefined {
  return groups.get(cacheKeyOf(ref));
}

/** Returns the group as this process knows it; reads it if it does not. Throws as `readGroup`. */
export async function knownGroup(context: GroupContext, ref: GroupRef): Promise<KnownGroup> {
  return cachedGroup(context, ref) ?? refreshGroup(context, ref);
}

/** Reads the group into the cache. Throws as `readGroup`. */
export async function refreshGroup(context: GroupContext, ref: GroupRef): Promise<KnownGroup> {
  const read = await readGroup(context, ref);
  const known = cachedGroup(context, ref);
  // An unchanged group keeps what is known of its consumers.
  if (known?.version === read.version && known.logstoreVersion === read.logstoreVersion) return known;
  context.groups.set(cacheKeyOf(ref), read);
  return read;
}

/** Removes a group from the cache if it is still the one that turned out to be out of date. */
export function forgetGroup({ groups }: GroupContext, known: KnownGroup): void {
  const key = cacheKeyOf(known.ref);
  if (groups.get(key) === known) groups.delete(key);
}

/** Returns a key that is unique among all groups of all projects. */
export function cacheKeyOf({ project, logstore, group }: GroupRef): string {
  return `${project}/${logstore}/${group}`;
}

/**
 * Writes a group by compare-and-swap, with `writes` in the same step. Returns undefined, and writes nothing, if the group or its logstore
 * changed in the meantime.
 */
export async function writeGroup(
  context: GroupContext,
  known: KnownGroup,
  next: ConsumerGroup,
  writes: readonly DocumentWrite[] = [],
): Promise<KnownGroup | undefined> {
  const { ref, tenant, guards } = known;
  const [groupGuard, logstoreGuard] = guards;
  const write = groupDocuments(ref.logstore).write(ref.group, next, { version: known.version });
  const { committed, versions } = await context.store.commit({
    tenant,
    guards: [logstoreGuard],
    writes: [write, ...writes],
    // Leases that are there are handed over and renewed, whatever the project keeps.
    isExempt: true,
  });
  forgetGroup(context, known);
  if (!committed) return undefined;
  const version = versions[0] ?? 0;
  const written: KnownGroup = {
    ...known,
    group: next,
    version,
    guards: [{ ...groupGuard, version }, logstoreGuard],
    settled: new Map(),
  };
  context.groups.set(cacheKeyOf(ref), written);
  if (context.emit !== undefined)
    for (const event of shardEvents(known.group, next))
      context.emit({ ...event, tenant, group: known.lease });
  return written;
}
