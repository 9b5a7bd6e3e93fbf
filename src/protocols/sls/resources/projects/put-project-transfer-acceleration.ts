/** "PutProjectTransferAcceleration". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { changeProject, projectSubject } from './project.ts';

const Body = Type.Object({ enabled: Type.Boolean() });
const checkBody = validator(Body);

export function putProjectTransferAcceleration(context: ResourceContext): SlsOperation {
  return {
    name: 'PutProjectTransferAcceleration',
    summary: 'Switches transfer acceleration; kept and shown, nothing depends on it',
    method: 'PUT',
    path: '/transferacceleration',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...projectErrors, 'PostBodyInvalid'],
    subject: projectSubject,
    async run({ project, body }) {
      const { enabled } = checkBody(parseJson(body), () => errors.ParameterInvalid('enabled is invalid'));
      await changeProject(context, project, { transferAcceleration: enabled });
      return emptyReply;
    },
  };
}
