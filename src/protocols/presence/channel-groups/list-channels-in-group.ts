/** List channels in group. Source: REST API pages. */
import { demandManage } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { commonErrors, type PresenceOperation, permissionErrors } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { listChannels } from './channel-groups.ts';
import {
  ChannelsReply,
  groupPath,
  groupSegment,
  groupSubject,
  parseGroup,
  payloadReply,
} from './registration.ts';

export function listChannelsInGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'ListChannelsInGroup',
    summary: 'Lists the channels of a channel group',
    method: 'GET',
    ...groupPath,
    segments: { subscribeKey: 3 },
    schema: { query: plainQuery, replies: { 200: ChannelsReply } },
    errors: [...commonErrors, ...permissionErrors, 'reservedCharacter'],
    subject: groupSubject,
    demand: demandManage(groupSegment),
    async run(call) {
      const group = parseGroup(call);
      return payloadReply(call, { channels: await listChannels(store, call.tenant, group), group });
    },
  };
}
