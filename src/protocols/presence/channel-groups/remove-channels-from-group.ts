/** Remove channels from group. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandManage } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { hasNames, parseNames } from '../wire/decode/names.ts';
import { commonErrors, type PresenceOperation, permissionErrors } from '../wire/operation.ts';
import { commonParameters, optionalText } from '../wire/parameters.ts';
import { changeGroup } from './channel-groups.ts';
import {
  ChangeReply,
  changeReply,
  groupPath,
  groupSegment,
  groupSubject,
  parseGroup,
} from './registration.ts';

export function removeChannelsFromGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'RemoveChannelsFromGroup',
    summary: 'Removes channels from a channel group; the last one removes the group',
    method: 'GET',
    ...groupPath,
    when: { label: 'remove', test: ({ query }) => hasNames(query.remove) },
    segments: { subscribeKey: 3 },
    schema: {
      query: Type.Object({
        ...commonParameters,
        remove: optionalText('Channels to remove, separated by commas'),
      }),
      replies: { 200: ChangeReply },
    },
    errors: [...commonErrors, ...permissionErrors, 'reservedCharacter', 'invalidChannel'],
    subject: groupSubject,
    demand: demandManage(groupSegment),
    async run(call) {
      const { tenant, query } = call;
      const group = parseGroup(call);
      const change = { add: parseNames(undefined), remove: parseNames(query.remove) };
      await changeGroup(store, tenant, group, change);
      return changeReply(call);
    },
  };
}
