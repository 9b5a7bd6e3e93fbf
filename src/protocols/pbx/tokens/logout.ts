/** `POST /api/{version}/logout`: ends the token at once; reports that wait for it are dropped. */
import { endpoint, type PbxOperation, success, successWith, TokenQuery, VersionParams } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { tokenErrors } from '../api/errors.ts';

export function logout({ tokens, tokenEnds, subjectOf }: PbxContext): PbxOperation {
  return {
    name: 'PbxLogout',
    summary: 'Ends a token',
    ...endpoint('logout'),
    schema: { params: VersionParams, query: TokenQuery, replies: { 200: successWith({}) } },
    errors: tokenErrors,
    subject: subjectOf,
    async run(call) {
      await tokens.end(call);
      tokenEnds.set(call.token, 'loggedOut');
      return success;
    },
  };
}
