/** "ListProject". */
import { Type } from '@sinclair/typebox';
import type { SlsCall, SlsOperation } from '../../wire/call.ts';
import { commonErrors, signatureErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { PageQuery, selectPage } from '../page.ts';
import {
  describeProject,
  type Project,
  ProjectReply,
  projectDocuments,
  projectKey,
  projectNames,
  resourceGroupOf,
  tenantOf,
} from './project.ts';

const Query = Type.Composite([
  PageQuery,
  Type.Object({
    projectName: Type.Optional(Type.String({ description: 'part of the name' })),
    description: Type.Optional(Type.String({ description: 'part of the description, in any case' })),
    resourceGroupId: Type.Optional(Type.String()),
    fetchQuota: Type.Optional(Type.String({ description: 'true: with the quota of each project' })),
  }),
]);

export function listProject(context: ResourceContext): SlsOperation {
  return {
    name: 'ListProject',
    summary: 'Lists all projects',
    method: 'GET',
    path: '/',
    when: { label: 'no project in the host', test: ({ project }) => project === '' },
    schema: {
      query: Query,
      replies: {
        200: Type.Object({
          count: Type.Integer(),
          total: Type.Integer(),
          projects: Type.Array(ProjectReply),
        }),
      },
    },
    errors: [...commonErrors, ...signatureErrors],
    isAccountLevel: true,
    subject: () => ({}),
    async run({ query, authority }) {
      const all = (await listProjects(context)).filter(isWanted(query));
      const hasQuota = query.fetchQuota?.toLowerCase() === 'true';
      const projects = selectPage(all, query).map(({ name, project }) =>
        describeProject(context.config, { name, project, authority, hasQuota }),
      );
      return jsonReply({ count: projects.length, total: all.length, projects });
    },
  };
}

interface Named {
  readonly name: string;
  readonly project: Project;
}

/** Returns a filter; parameters that are absent or empty match every project. */
function isWanted({ projectName = '', description = '', resourceGroupId = '' }: SlsCall['query']) {
  return ({ name, project }: Named): boolean =>
    name.includes(projectName) &&
    project.description.toLowerCase().includes(description.toLowerCase()) &&
    (resourceGroupId === '' || resourceGroupOf(project) === resourceGroupId);
}

/** Returns all projects, sorted by name. */
async function listProjects(context: ResourceContext): Promise<readonly Named[]> {
  const found = await Promise.all(
    (await projectNames(context)).map(async (name) => {
      const project = await projectDocuments.read(context.store, tenantOf(name), projectKey);
      return project === undefined ? [] : [{ name, project: project.value }];
    }),
  );
  return found.flat();
}
