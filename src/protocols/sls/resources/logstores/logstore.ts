/** Projects, logstores and shards, as documents: tenant = project, one document each. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Store, Tenant } from '../../../../store/store.ts';
import { projectName } from '../../wire/addressing.ts';
import { errors } from '../../wire/errors.ts';
import { LogstoreShard, newShards, type Reshaped, topicOf } from '../shards/shards.ts';

export const Project = Type.Object({
  description: Type.String(),
  /** Seconds since 1970. */
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
});
export type Project = Static<typeof Project>;

export const Logstore = Type.Object({
  ttl: Type.Integer(),
  enable_tracking: Type.Boolean(),
  autoSplit: Type.Boolean(),
  maxSplitShard: Type.Integer(),
  appendMeta: Type.Boolean(),
  telemetryType: Type.String(),
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
  /** Tells logstores apart that have the same name one after the other. */
  id: Type.String(),
  nextShardId: Type.Integer(),
  shards: Type.Array(LogstoreShard),
});
export type Logstore = Static<typeof Logstore>;

export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export interface ResourceSettings {
  readonly slsAutoCreate: boolean;
  readonly slsShardCount: number;
  readonly slsMaxProjects: number;
  readonly slsMaxLogstores: number;
  readonly slsMaxShards: number;
}

/** What everything here works on. `now` is in seconds since 1970. */
export interface ResourceContext {
  readonly store: Store;
  readonly config: ResourceSettings;
  nowSeconds(): number;
  randomBytes(size: number): Buffer;
  /** What this process read of logstores, by project and name. It may be out of date: the store knows the version. */
  readonly logstores: Map<string, Versioned<Logstore>>;
}

/** Bounds what is remembered of logstores; which one goes does not matter, it is read again. */
const maxRemembered = 1_000;

const space = 'sls/';
const projects = 'project';
const logstores = 'logstores';
const theProject = { collection: projects, key: 'project' };
const logstoreName = /^[0-9a-z][0-9a-z_-]{0,78}[0-9a-z]$/;

export function tenantOf(project: string): Tenant {
  return `${space}${project}`;
}

/** Undefined: a tenant of another protocol. */
export function projectOfTenant(tenant: Tenant): string | undefined {
  return tenant.startsWith(space) ? tenant.slice(space.length) : undefined;
}

export function logstoreDocument(logstore: string): { readonly collection: string; readonly key: string } {
  return { collection: logstores, key: logstore };
}

const isProject = TypeCompiler.Compile(Project);
const isLogstore = TypeCompiler.Compile(Logstore);

function parsedProject(text: string): Project {
  const value: unknown = JSON.parse(text);
  if (!isProject.Check(value)) throw new Error('a document of a project is not what it should be');
  return value;
}

function parsedLogstore(text: string): Logstore {
  const value: unknown = JSON.parse(text);
  if (!isLogstore.Check(value)) throw new Error('a document of a logstore is not what it should be');
  return value;
}

/** Throws ProjectNotExist, unless projects are made on first use. */
export async function readProject(context: ResourceContext, project: string): Promise<Project> {
  const tenant = tenantOf(project);
  const [document] = await context.store.readDocuments({ tenant, documents: [theProject] });
  if (document !== null && document !== undefined) return parsedProject(document.value);
  if (!context.config.slsAutoCreate || !projectName.test(project)) throw errors.projectNotExist(project);
  await createProject(context, project, '').catch(passIf('ProjectAlreadyExist'));
  return readProject(context, project);
}

export async function createProject(
  context: ResourceContext,
  project: string,
  description: string,
): Promise<void> {
  if (!projectName.test(project)) throw errors.parameterInvalid('The project name is invalid');
  const others = await context.store.tenants();
  if (others.filter(({ tenant }) => tenant.startsWith(space)).length >= context.config.slsMaxProjects) {
    await readProjectIfAny(context, project);
    throw errors.projectsQuota();
  }
  const createTime = context.nowSeconds();
  const value = JSON.stringify({ description, createTime, lastModifyTime: createTime } satisfies Project);
  const { committed } = await context.store.commit({
    tenant: tenantOf(project),
    writes: [{ ...theProject, version: 0, value }],
  });
  if (!committed) throw errors.projectAlreadyExist(project);
}

export async function updateProject(
  context: ResourceContext,
  project: string,
  description: string,
): Promise<void> {
  const before = await readProject(context, project);
  const value = JSON.stringify({
    ...before,
    description,
    lastModifyTime: context.nowSeconds(),
  } satisfies Project);
  await context.store.commit({ tenant: tenantOf(project), writes: [{ ...theProject, value }] });
}

/** Everything of it goes: logstores, consumer groups, consumers. */
export async function deleteProject(context: ResourceContext, project: string): Promise<void> {
  const [document] = await context.store.readDocuments({
    tenant: tenantOf(project),
    documents: [theProject],
  });
  if (document === null) throw errors.projectNotExist(project);
  await context.store.drop({ tenant: tenantOf(project) });
}

async function readProjectIfAny(context: ResourceContext, project: string): Promise<void> {
  const [document] = await context.store.readDocuments({
    tenant: tenantOf(project),
    documents: [theProject],
  });
  if (document !== null && document !== undefined) throw errors.projectAlreadyExist(project);
}

/** All projects, by name. */
export async function listProjects(
  store: Store,
): Promise<readonly { readonly name: string; readonly project: Project }[]> {
  const tenants = (await store.tenants())
    .map(({ tenant }) => tenant)
    .filter((tenant) => tenant.startsWith(space));
  const found = await Promise.all(
    tenants.sort().map(async (tenant) => {
      const [document] = await store.readDocuments({ tenant, documents: [theProject] });
      if (document === null || document === undefined) return [];
      return [{ name: tenant.slice(space.length), project: parsedProject(document.value) }];
    }),
  );
  return found.flat();
}

/**
 * Throws ProjectNotExist or LogStoreNotExist, unless they are made on first use. Not `fresh`: it may be as this process last
 * saw it, for whoever guards what follows by its version.
 */
export async function readLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
  fresh = true,
): Promise<Versioned<Logstore>> {
  const key = `${project}/${logstore}`;
  const known = context.logstores.get(key);
  if (known !== undefined && !fresh) return known;
  const tenant = tenantOf(project);
  const [document] = await context.store.readDocuments({ tenant, documents: [logstoreDocument(logstore)] });
  if (document !== null && document !== undefined) {
    if (document.version === known?.version) return known;
    const found = { value: parsedLogstore(document.value), version: document.version };
    if (context.logstores.size >= maxRemembered) {
      context.logstores.delete(context.logstores.keys().next().value ?? '');
    }
    context.logstores.set(key, found);
    return found;
  }
  context.logstores.delete(key);
  await readProject(context, project);
  if (!context.config.slsAutoCreate || !logstoreName.test(logstore)) throw errors.logstoreNotExist(logstore);
  await createLogstore(context, project, logstore, {}).catch(passIf('LogStoreAlreadyExist'));
  return readLogstore(context, project, logstore);
}

export type LogstoreSettings = Partial<
  Omit<Logstore, 'id' | 'shards' | 'nextShardId' | 'createTime' | 'lastModifyTime'>
>;

export async function createLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
  settings: LogstoreSettings & { readonly shardCount?: number },
): Promise<void> {
  await readProject(context, project);
  if (!logstoreName.test(logstore)) throw errors.logstoreNameInvalid(logstore);
  const { shardCount = context.config.slsShardCount, ...rest } = settings;
  if (shardCount < 1 || shardCount > context.config.slsMaxShards) throw errors.logstoreInfoInvalid();
  const existing = await context.store.listDocuments({ tenant: tenantOf(project), collection: logstores });
  if (existing.some(({ key }) => key === logstore)) throw errors.logstoreAlreadyExist(logstore);
  if (existing.length >= context.config.slsMaxLogstores) throw errors.projectQuota();
  const createTime = context.nowSeconds();
  const value: Logstore = {
    ttl: 30,
    enable_tracking: false,
    autoSplit: false,
    maxSplitShard: 64,
    appendMeta: false,
    telemetryType: '',
    ...rest,
    createTime,
    lastModifyTime: createTime,
    id: context.randomBytes(8).toString('hex'),
    ...shardsOf(newShards(shardCount, createTime)),
  };
  const { committed } = await context.store.commit({
    tenant: tenantOf(project),
    writes: [{ ...logstoreDocument(logstore), version: 0, value: JSON.stringify(value) }],
  });
  if (!committed) throw errors.logstoreAlreadyExist(logstore);
}

export async function updateLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
  settings: LogstoreSettings,
): Promise<void> {
  const { value, version } = await readLogstore(context, project, logstore);
  const changed: Logstore = { ...value, ...settings, lastModifyTime: context.nowSeconds() };
  const { committed } = await context.store.commit({
    tenant: tenantOf(project),
    writes: [{ ...logstoreDocument(logstore), version, value: JSON.stringify(changed) }],
  });
  if (!committed) await updateLogstore(context, project, logstore, settings);
}

/** Documents are changed as a whole: lists that may not be written become lists that may. */
export function shardsOf({
  shards,
  nextShardId,
}: Pick<Reshaped, 'shards' | 'nextShardId'>): Pick<Logstore, 'shards' | 'nextShardId'> {
  return { shards: shards.map((shard) => ({ ...shard, parents: [...shard.parents] })), nextShardId };
}

/** A topic goes when it was idle for its time: its last entry holds nothing and makes that time a moment. */
export async function forgetLogs(
  context: ResourceContext,
  project: string,
  logstore: Logstore,
  shards: readonly LogstoreShard[],
): Promise<void> {
  const tenant = tenantOf(project);
  const topics = shards.map((shard) => topicOf(logstore, shard));
  const bounds = await context.store.topicBounds({ tenant, topics });
  const appends = topics
    .filter((_, at) => (bounds[at]?.entries ?? 0) > 0)
    .map((topic) => ({ topic, payload: Buffer.alloc(0), after: 0n, keepEntries: 1, idleMs: 1 }));
  if (appends.length > 0) await context.store.commit({ tenant, appends });
}

export async function listLogstores(context: ResourceContext, project: string): Promise<readonly string[]> {
  await readProject(context, project);
  const documents = await context.store.listDocuments({ tenant: tenantOf(project), collection: logstores });
  return documents.map(({ key }) => key);
}

/** For races between two requests that make the same thing: whoever comes second finds it there. */
function passIf(code: string): (error: Error) => void {
  return (error) => {
    if ((error as { code?: unknown }).code !== code) throw error;
  };
}
