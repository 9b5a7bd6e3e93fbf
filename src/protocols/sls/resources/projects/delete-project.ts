/** "DeleteProject". */
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { projectDocuments, projectKey, projectSubject, tenantOf } from './project.ts';

export function deleteProject({ store }: ResourceContext): SlsOperation {
  return {
    name: 'DeleteProject',
    summary: 'Deletes a project with its logstores, consumer groups and consumers, unless it is protected',
    method: 'DELETE',
    path: '/',
    schema: { replies: { 200: 'Deleted' } },
    errors: [...projectErrors, 'ProjectForbidden'],
    subject: projectSubject,
    async run({ project }) {
      const tenant = tenantOf(project);
      const found = await projectDocuments.read(store, tenant, projectKey);
      if (found === undefined) throw errors.ProjectNotExist(project);
      if (found.value.deletionProtection === true) throw errors.ProjectForbidden(project);
      await store.drop({ tenant });
      return emptyReply;
    },
  };
}
