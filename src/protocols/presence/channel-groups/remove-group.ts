/** Remove group; succeeds also if there is none. Source: REST API pages. */
import { demandManage } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { commonErrors, type PresenceOperation, permissionErrors } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { deleteGroup } from './channel-groups.ts';
import {
  ChangeReply,
  changeReply,
  groupSegment,
  groupSubject,
  parseGroup,
  removeGroupPath,
} from './registration.ts';

export function removeGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'RemoveGroup',
    summary: 'Removes a channel group',
    method: 'GET',
    ...removeGroupPath,
    segments: { subscribeKey: 3 },
    schema: { query: plainQuery, replies: { 200: ChangeReply } },
    errors: [...commonErrors, ...permissionErrors, 'reservedCharacter'],
    subject: groupSubject,
    demand: demandManage(groupSegment),
    async run(call) {
      await deleteGroup(store, call.tenant, parseGroup(call));
      return changeReply(call);
    },
  };
}
