/** Projects: one document per tenant. */
import { type Static, Type } from '@sinclair/typebox';
import type { Tenant } from '../../../../store/store.ts';
import { documentKind, type Versioned } from '../../../kit/documents.ts';
import type { Subject } from '../../../kit/operation.ts';
import { retryOnConflict } from '../../../kit/retry-on-conflict.ts';
import { projectName } from '../../wire/addressing.ts';
import { errors, ignoring } from '../../wire/errors.ts';
import type { ResourceContext, ResourceSettings } from '../context.ts';

/** Members of bodies that create a project, beside its description. Kept and shown. */
export const projectMembers = {
  resourceGroupId: Type.Optional(Type.String({ maxLength: 128 })),
  dataRedundancyType: Type.Optional(Type.String({ pattern: '^(LRS|ZRS)?$' })),
  recycleBinEnabled: Type.Optional(Type.Boolean()),
  deletionProtection: Type.Optional(Type.Boolean()),
};

const maxDescriptionLength = 512;
export const projectDescription = Type.Optional(
  Type.String({ description: `at most ${maxDescriptionLength} characters` }),
);

/** Throws ParameterInvalid, with the vendor's message, for a description that is too long. */
export function checkDescription(description = ''): void {
  if (description.length > maxDescriptionLength)
    throw errors.ParameterInvalid(`Invalid project description: '${description}'`);
}

/** Names that the service keeps for itself: a project of that name exists for every account, as far as clients can see. */
const reservedNames: ReadonlySet<string> = new Set(['logtail']);

/** What a project is created with, or changed to. */
export type ProjectSettings = Partial<Omit<Project, 'createTime' | 'lastModifyTime'>>;

export const Project = Type.Object({
  description: Type.String(),
  /** Seconds since 1970. */
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
  transferAcceleration: Type.Optional(Type.Boolean()),
  ...projectMembers,
});
export type Project = Static<typeof Project>;

/** All members are there: one SDK fails without any of them. Times are text. */
export const ProjectReply = Type.Object({
  projectName: Type.String(),
  status: Type.Literal('Normal'),
  owner: Type.String(),
  description: Type.String(),
  region: Type.String(),
  location: Type.String(),
  createTime: Type.String(),
  lastModifyTime: Type.String(),
  resourceGroupId: Type.String(),
  dataRedundancyType: Type.String(),
  recycleBinEnabled: Type.Boolean(),
  deletionProtection: Type.Boolean(),
  transferAcceleration: Type.Union([Type.Literal('Enabled'), Type.Literal('Disabled')]),
  internetEndpoint: Type.String(),
  internalEndpoint: Type.String(),
  quota: Type.Optional(Type.Record(Type.String(), Type.Integer())),
});

/** The service names a region; nothing here depends on it. */
const region = 'cn-hangzhou';
const tenantPrefix = 'sls/';

export const projectDocuments = documentKind('project', Project);
export const projectKey = 'project';

export function tenantOf(project: string): Tenant {
  return `${tenantPrefix}${project}`;
}

/** Returns the project of a tenant; undefined for a tenant of another protocol. */
export function projectOfTenant(tenant: Tenant): string | undefined {
  return tenant.startsWith(tenantPrefix) ? tenant.slice(tenantPrefix.length) : undefined;
}

/** Returns the subject of a call about a project or anything in it that has no lease. */
export function projectSubject({ project }: { readonly project: string }): Subject {
  return project === '' ? {} : { tenant: tenantOf(project) };
}

/** Returns names of all projects, sorted. */
export async function projectNames({ store }: Pick<ResourceContext, 'store'>): Promise<readonly string[]> {
  const tenants = await store.tenants();
  return tenants.flatMap(({ tenant }) => projectOfTenant(tenant) ?? []).sort();
}

/** Returns a project, and creates it first if projects are created on first use. Throws ProjectNotExist. */
export async function readProject(context: ResourceContext, project: string): Promise<Versioned<Project>> {
  return retryOnConflict(async () => {
    const found = await projectDocuments.read(context.store, tenantOf(project), projectKey);
    if (found !== undefined) return found;
    if (!context.config.slsAutoCreate || !projectName.test(project)) throw errors.ProjectNotExist(project);
    await createProject(context, project).catch(ignoring('ProjectAlreadyExist'));
    return undefined;
  });
}

/** Creates a project. Throws ParameterInvalid, ProjectAlreadyExist and ExceedQuota. */
export async function createProject(
  context: ResourceContext,
  project: string,
  { description = '', ...settings }: ProjectSettings = {},
): Promise<void> {
  if (!projectName.test(project)) throw errors.ParameterInvalid('The project name is invalid');
  if (reservedNames.has(project)) throw errors.ProjectAlreadyExist(project);
  const { store, config } = context;
  const tenant = tenantOf(project);
  if ((await projectNames(context)).length >= config.slsMaxProjects) {
    const existing = await projectDocuments.read(store, tenant, projectKey);
    throw existing === undefined ? errors.ExceedQuota('project') : errors.ProjectAlreadyExist(project);
  }
  const createTime = await context.nowSeconds(tenant);
  const value: Project = { description, ...settings, createTime, lastModifyTime: createTime };
  const { committed } = await store.commit({
    tenant,
    writes: [projectDocuments.write(projectKey, value, { version: 0 })],
  });
  if (!committed) throw errors.ProjectAlreadyExist(project);
}

/** Changes a project; what `settings` leaves out stays. Throws ProjectNotExist. */
export async function changeProject(
  context: ResourceContext,
  project: string,
  settings: ProjectSettings,
): Promise<void> {
  await retryOnConflict(async () => {
    const { value, version } = await readProject(context, project);
    const changed = { ...value, ...settings, lastModifyTime: await context.nowSeconds(tenantOf(project)) };
    const { committed } = await context.store.commit({
      tenant: tenantOf(project),
      writes: [projectDocuments.write(projectKey, changed, { version })],
    });
    return committed ? true : undefined;
  });
}

/** Returns the resource group of a project; each account has one for what was put in no other. */
export function resourceGroupOf({ resourceGroupId = '' }: Project): string {
  return resourceGroupId === '' ? 'rg-default' : resourceGroupId;
}

export interface ProjectView {
  readonly name: string;
  readonly project: Project;
  /** Host by which the client reached the project or the list. */
  readonly authority: string;
  /** Whether the quota is part of it. */
  readonly hasQuota: boolean;
}

/** Returns a project as "GetProject" and "ListProject" show it. Its endpoints are the one that the client uses. */
export function describeProject(
  { slsMaxLogstores, slsMaxShards }: ResourceSettings,
  { name, project, authority, hasQuota }: ProjectView,
): Static<typeof ProjectReply> {
  const { description, createTime, lastModifyTime } = project;
  const { dataRedundancyType = '', recycleBinEnabled = false } = project;
  const { deletionProtection = false, transferAcceleration = false } = project;
  const host = authority.toLowerCase();
  const endpoint = host.startsWith(`${name}.`) ? host.slice(name.length + 1) : host;
  return {
    projectName: name,
    status: 'Normal',
    owner: '',
    description,
    region,
    location: region,
    createTime: String(createTime),
    lastModifyTime: String(lastModifyTime),
    resourceGroupId: resourceGroupOf(project),
    dataRedundancyType: dataRedundancyType === '' ? 'LRS' : dataRedundancyType,
    recycleBinEnabled,
    deletionProtection,
    transferAcceleration: transferAcceleration ? 'Enabled' : 'Disabled',
    internetEndpoint: endpoint,
    internalEndpoint: endpoint,
    ...(hasQuota ? { quota: { logstore: slsMaxLogstores, shard: slsMaxShards } } : {}),
  };
}
