/** "UpdateProject". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import {
  changeProject,
  checkDescription,
  projectDescription,
  projectMembers,
  projectSubject,
} from './project.ts';

const Body = Type.Object({
  description: projectDescription,
  recycleBinEnabled: projectMembers.recycleBinEnabled,
  deletionProtection: projectMembers.deletionProtection,
});
const checkBody = validator(Body);

export function updateProject(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateProject',
    summary: 'Changes a project; what the body leaves out stays, and an empty body clears the description',
    method: 'PUT',
    path: '/',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...projectErrors, 'PostBodyInvalid'],
    subject: projectSubject,
    async run({ project, body }) {
      const written = checkBody(withoutNulls(parseJson(body)), () =>
        errors.ParameterInvalid('The body is not valid json string'),
      );
      checkDescription(written.description);
      const change = pickMembers(written, Body.properties);
      // A functional test of the vendor's Java SDK expects that an update to no description clears it.
      const isClearing = Object.keys(change).length === 0;
      await changeProject(context, project, isClearing ? { description: '' } : change);
      return emptyReply;
    },
  };
}
