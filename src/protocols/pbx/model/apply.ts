/** `POST /api/{version}/apply`: applies changes of the configuration. Here changes apply at once, so it only succeeds. */
import { endpoint, type PbxOperation, success, successWith, TokenQuery, VersionParams } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, tokenErrors } from '../api/errors.ts';
import { checkBody } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';

export function apply(context: PbxContext): PbxOperation {
  return {
    name: 'PbxApply',
    summary: 'Applies changes of the configuration',
    ...endpoint('apply'),
    schema: { params: VersionParams, query: TokenQuery, replies: { 200: successWith({}) } },
    errors: [...tokenErrors, ...bodyErrors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'extensions');
      checkBody(call.body);
      return success;
    },
  };
}
