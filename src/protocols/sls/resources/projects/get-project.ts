/** "GetProject". */
import type { SlsOperation } from '../../wire/call.ts';
import { projectErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { describeProject, ProjectReply, projectSubject, readProject } from './project.ts';

/** Shares its URL with ListProject, which is sent to a host that names no project. */
export function getProject(context: ResourceContext): SlsOperation {
  return {
    name: 'GetProject',
    summary: 'Returns the project that the host names',
    method: 'GET',
    path: '/',
    schema: { replies: { 200: ProjectReply } },
    errors: projectErrors,
    isAccountLevel: true,
    subject: projectSubject,
    async run({ project, authority }) {
      const { value } = await readProject(context, project);
      return jsonReply(
        describeProject(context.config, { name: project, project: value, authority, hasQuota: true }),
      );
    },
  };
}
