/** Remove group; succeeds also if there is none. Source: REST API pages. */
import type { PresenceContext } from '../context.ts';
import type { PresenceOperation } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { deleteGroup } from './channel-groups.ts';
import { ChangeReply, changeReply, groupCall, groupErrors, parseGroup } from './registration.ts';

export function removeGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'RemoveGroup',
    summary: 'Removes a channel group',
    ...groupCall('/remove'),
    schema: { query: plainQuery, replies: { 200: ChangeReply } },
    errors: groupErrors,
    async run(call) {
      await deleteGroup(store, call.tenant, parseGroup(call));
      return changeReply(call);
    },
  };
}
