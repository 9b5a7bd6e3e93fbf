/** List channel groups of a keyset. Source: REST API pages. */
import { demandManageAll } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { commonErrors, type PresenceOperation, permissionErrors, tenantSubject } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { listGroups as readGroups } from './channel-groups.ts';
import { GroupsReply, payloadReply, registrationCall } from './registration.ts';

export function listGroups({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'ListGroups',
    summary: 'Lists the channel groups of a keyset',
    ...registrationCall(''),
    schema: { query: plainQuery, replies: { 200: GroupsReply } },
    errors: [...commonErrors, ...permissionErrors],
    subject: tenantSubject,
    demand: demandManageAll,
    async run(call) {
      return payloadReply(call, { namespace: '', groups: await readGroups(store, call.tenant) });
    },
  };
}
