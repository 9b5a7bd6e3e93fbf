/** "CreateProject". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { commonErrors, errors, signatureErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import {
  checkDescription,
  createProject as create,
  projectDescription,
  projectMembers,
  projectSubject,
} from './project.ts';

const Body = Type.Object({
  projectName: Type.String(),
  description: projectDescription,
  ...projectMembers,
});
const checkBody = validator(Body);

export function createProject(context: ResourceContext): SlsOperation {
  return {
    name: 'CreateProject',
    summary: 'Creates a project',
    method: 'POST',
    path: '/',
    schema: { body: Body, replies: { 200: 'Created' } },
    errors: [...commonErrors, ...signatureErrors, 'ExceedQuota', 'PostBodyInvalid', 'ProjectAlreadyExist'],
    // The body names the project: one SDK sends this call to the bare endpoint.
    isAccountLevel: true,
    subject: projectSubject,
    async run({ body }) {
      const { projectName, ...settings } = checkBody(withoutNulls(parseJson(body)), () =>
        errors.ParameterInvalid('The body is not valid json string'),
      );
      checkDescription(settings.description);
      await create(context, projectName.toLowerCase(), pickMembers(settings, Body.properties));
      return emptyReply;
    },
  };
}
