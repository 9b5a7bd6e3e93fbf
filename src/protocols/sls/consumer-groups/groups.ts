/** Consumer groups: made, listed, changed and deleted ("CreateConsumerGroup" and its kin). */
import type { Store, Tenant } from '../../../store/store.ts';
import { forgetLogs, logstoreDocument, readLogstore, tenantOf } from '../resources/logstores/logstores.ts';
import { errors } from '../wire/errors.ts';
import { type ConsumerGroup, change as changed, newGroup } from './consumer-group.ts';
import {
  checkpointsOf,
  collectionOf,
  type GroupContext,
  leaseGroupOf,
  readGroup,
  writeGroup,
} from './group-store.ts';

const maxAttempts = 32;
const groupName = /^[0-9a-zA-Z_-]{1,128}$/;
const maxTimeoutSeconds = 4_294_967_295;

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
  // It kept changing under this update.
  throw errors.busy();
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
