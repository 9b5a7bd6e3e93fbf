/** Add channels to group; with `remove` beside `add`, removes others in the same step. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import { watchEvents, watchedNames } from '../membership/events/watches.ts';
import { hasNames, parseNames } from '../wire/decode/names.ts';
import type { PresenceOperation } from '../wire/operation.ts';
import { commonParameters, optionalText } from '../wire/parameters.ts';
import { changeGroup } from './channel-groups.ts';
import { ChangeReply, changeReply, groupCall, groupErrors, parseGroup } from './registration.ts';

export function addChannelsToGroup({ store, settings }: PresenceContext): PresenceOperation {
  return {
    name: 'AddChannelsToGroup',
    summary: 'Adds channels to a channel group',
    ...groupCall(''),
    when: { label: 'add', test: ({ query }) => hasNames(query.add) },
    schema: {
      query: Type.Object({
        ...commonParameters,
        add: optionalText('Channels to add, separated by commas'),
        remove: optionalText('Channels to remove in the same step, separated by commas'),
      }),
      replies: { 200: ChangeReply },
    },
    errors: [...groupErrors, 'invalidChannel', 'tooManyGroups'],
    async run(call) {
      const { tenant, query } = call;
      const group = parseGroup(call);
      const change = { add: parseNames(query.add), remove: parseNames(query.remove) };
      // Subscribers of the group receive what happens in these channels from now on; a poll that is held watches them too late.
      await watchEvents(store, { tenant, settings, ...watchedNames(change.add.names) });
      await changeGroup(store, tenant, group, change);
      return changeReply(call);
    },
  };
}
