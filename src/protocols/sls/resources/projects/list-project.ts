/** "ListProject". */
import { Type } from '@sinclair/typebox';
import type { SlsOperation } from '../../wire/call.ts';
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
  tenantOf,
} from './project.ts';

const Query = Type.Composite([
  PageQuery,
  Type.Object({ projectName: Type.Optional(Type.String({ description: 'part of the name' })) }),
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
    async run({ query }) {
      const all = (await listProjects(context)).filter(({ name }) => name.includes(query.projectName ?? ''));
      const projects = selectPage(all, query).map(({ name, project }) => describeProject(name, project));
      return jsonReply({ count: projects.length, total: all.length, projects });
    },
  };
}

/** Returns all projects, sorted by name. */
async function listProjects(
  context: ResourceContext,
): Promise<readonly { readonly name: string; readonly project: Project }[]> {
  const found = await Promise.all(
    (await projectNames(context)).map(async (name) => {
      const project = await projectDocuments.read(context.store, tenantOf(name), projectKey);
      return project === undefined ? [] : [{ name, project: project.value }];
    }),
  );
  return found.flat();
}
