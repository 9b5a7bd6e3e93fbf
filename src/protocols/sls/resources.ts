/** Projects, logstores and shards, as documents: tenant = project, one document each. */
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Store, Tenant } from '../../store/store.ts';
import { projectName } from './addressing.ts';
import { errors } from './errors.ts';

export const Project = Type.Object({
  description: Type.String(),
  /** Seconds since 1970. */
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
});
export type Project = Static<typeof Project>;

export const LogstoreShard = Type.Object({
  shardID: Type.Integer(),
  status: Type.Union([Type.Literal('readwrite'), Type.Literal('readonly')]),
  inclusiveBeginKey: Type.String(),
  exclusiveEndKey: Type.String(),
  createTime: Type.Integer(),
});

export const Logstore = Type.Object({
  ttl: Type.Integer(),
  enable_tracking: Type.Boolean(),
  autoSplit: Type.Boolean(),
  maxSplitShard: Type.Integer(),
  appendMeta: Type.Boolean(),
  telemetryType: Type.String(),
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
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
}

/** What everything here works on. `now` is in seconds since 1970. */
export interface ResourceContext {
  readonly store: Store;
  readonly config: ResourceSettings;
  nowSeconds(): number;
}

const space = 'sls/';
const projects = 'project';
const logstores = 'logstores';
const theProject = { collection: projects, key: 'project' };
const logstoreName = /^[0-9a-z][0-9a-z_-]{0,78}[0-9a-z]$/;
const maxShards = 256;
const keySpace = 1n << 128n;

export function tenantOf(project: string): Tenant {
  return `${space}${project}`;
}

export function logstoreDocument(logstore: string): { readonly collection: string; readonly key: string } {
  return { collection: logstores, key: logstore };
}

function checked<T>(schema: Parameters<typeof Value.Check>[0], text: string): T {
  const value: unknown = JSON.parse(text);
  if (!Value.Check(schema, value))
    throw new Error('a document of a logstore or project is not what it should be');
  return value as T;
}

/** A key range border: 32 hex digits; the end of the last range is all f, as the service shows it. */
function keyAt(index: number, count: number): string {
  const key = (keySpace * BigInt(index)) / BigInt(count);
  return (key === keySpace ? keySpace - 1n : key).toString(16).padStart(32, '0');
}

function newShards(count: number, createTime: number): Logstore['shards'] {
  return Array.from({ length: count }, (_, shardID) => ({
    shardID,
    status: 'readwrite' as const,
    inclusiveBeginKey: keyAt(shardID, count),
    exclusiveEndKey: keyAt(shardID + 1, count),
    createTime,
  }));
}

/** Throws ProjectNotExist, unless projects are made on first use. */
export async function readProject(context: ResourceContext, project: string): Promise<Project> {
  const tenant = tenantOf(project);
  const [document] = await context.store.readDocuments({ tenant, documents: [theProject] });
  if (document !== null && document !== undefined) return checked(Project, document.value);
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
      return [{ name: tenant.slice(space.length), project: checked<Project>(Project, document.value) }];
    }),
  );
  return found.flat();
}

/** Throws ProjectNotExist or LogStoreNotExist, unless they are made on first use. */
export async function readLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
): Promise<Versioned<Logstore>> {
  const tenant = tenantOf(project);
  const [document] = await context.store.readDocuments({ tenant, documents: [logstoreDocument(logstore)] });
  if (document !== null && document !== undefined) {
    return { value: checked(Logstore, document.value), version: document.version };
  }
  await readProject(context, project);
  if (!context.config.slsAutoCreate || !logstoreName.test(logstore)) throw errors.logstoreNotExist(logstore);
  await createLogstore(context, project, logstore, {}).catch(passIf('LogStoreAlreadyExist'));
  return readLogstore(context, project, logstore);
}

export type LogstoreSettings = Partial<Omit<Logstore, 'shards' | 'createTime' | 'lastModifyTime'>>;

export async function createLogstore(
  context: ResourceContext,
  project: string,
  logstore: string,
  settings: LogstoreSettings & { readonly shardCount?: number },
): Promise<void> {
  await readProject(context, project);
  if (!logstoreName.test(logstore)) throw errors.logstoreNameInvalid(logstore);
  const { shardCount = context.config.slsShardCount, ...rest } = settings;
  if (shardCount < 1 || shardCount > maxShards) throw errors.logstoreInfoInvalid();
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
    shards: newShards(shardCount, createTime),
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
