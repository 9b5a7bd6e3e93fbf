/** `POST /api/{version}/apply`: applies changes of the configuration. Here changes apply at once, so it only succeeds. */
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, success } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';

export function apply(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxApply',
    summary: 'Applies changes of the configuration',
    path: 'apply',
    permission: 'extensions',
    reply: {},
    run: async () => success,
  });
}
