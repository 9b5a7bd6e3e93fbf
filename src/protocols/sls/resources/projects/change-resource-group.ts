/** "ChangeResourceGroup". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { changeProject, projectSubject } from './project.ts';

const Body = Type.Object({
  resourceId: Type.Optional(Type.String({ description: 'the project; the host names it as well' })),
  resourceType: Type.Optional(Type.String()),
  resourceGroupId: Type.String({ maxLength: 128 }),
});
const checkBody = validator(Body);

export function changeResourceGroup(context: ResourceContext): SlsOperation {
  return {
    name: 'ChangeResourceGroup',
    summary: 'Moves a project to a resource group; kept and shown, nothing depends on it',
    method: 'PUT',
    path: '/resourcegroup',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...projectErrors, 'PostBodyInvalid'],
    // One SDK sends this call to the bare endpoint.
    isAccountLevel: true,
    subject: projectSubject,
    async run({ project, body }) {
      const {
        resourceGroupId,
        resourceId = '',
        resourceType = 'project',
      } = checkBody(parseJson(body), () => errors.ParameterInvalid('The body is not valid json string'));
      if (resourceType.toLowerCase() !== 'project')
        throw errors.ParameterInvalid(`The resource type is not supported: ${resourceType}`);
      await changeProject(context, project === '' ? resourceId : project, { resourceGroupId });
      return emptyReply;
    },
  };
}
