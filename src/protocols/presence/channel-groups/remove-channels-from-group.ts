/** Remove channels from group. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import { hasNames, parseNames } from '../wire/decode/names.ts';
import type { PresenceOperation } from '../wire/operation.ts';
import { commonParameters, optionalText } from '../wire/parameters.ts';
import { changeGroup } from './channel-groups.ts';
import { ChangeReply, changeReply, groupCall, groupErrors, parseGroup } from './registration.ts';

export function removeChannelsFromGroup({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'RemoveChannelsFromGroup',
    summary: 'Removes channels from a channel group; the last one removes the group',
    ...groupCall(''),
    when: { label: 'remove', test: ({ query }) => hasNames(query.remove) },
    schema: {
      query: Type.Object({
        ...commonParameters,
        remove: optionalText('Channels to remove, separated by commas'),
      }),
      replies: { 200: ChangeReply },
    },
    errors: [...groupErrors, 'invalidChannel'],
    async run(call) {
      const { tenant, query } = call;
      const group = parseGroup(call);
      const change = { add: parseNames(undefined), remove: parseNames(query.remove) };
      await changeGroup(store, tenant, group, change);
      return changeReply(call);
    },
  };
}
