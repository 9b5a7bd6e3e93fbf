/** List channels in group. Source: REST API pages. */
import type { PresenceContext } from '../context.ts';
import type { PresenceOperation } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { listChannels } from './channel-groups.ts';
import { ChannelsReply, groupCall, groupErrors, parseGroup, payloadReply } from './registration.ts';

export function listChannelsInGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'ListChannelsInGroup',
    summary: 'Lists the channels of a channel group',
    ...groupCall(''),
    schema: { query: plainQuery, replies: { 200: ChannelsReply } },
    errors: groupErrors,
    async run(call) {
      const group = parseGroup(call);
      return payloadReply(call, { channels: await listChannels(store, call.tenant, group), group });
    },
  };
}
