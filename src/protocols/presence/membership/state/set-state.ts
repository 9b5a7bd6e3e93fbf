/** Set state: one object for every channel named and every channel of the groups. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandRead } from '../../access/demand.ts';
import type { PresenceContext } from '../../context.ts';
import { parseState } from '../../wire/decode/json.ts';
import { segmentAt } from '../../wire/decode/target.ts';
import { parseUuidSegment } from '../../wire/decode/values.ts';
import { errors } from '../../wire/errors.ts';
import { occupantErrors, type PresenceOperation } from '../../wire/operation.ts';
import { channelGroup, commonParameters, optionalText } from '../../wire/parameters.ts';
import { channelsOf } from '../places.ts';
import { withPresence } from '../presence-channels.ts';
import { channelCall, occupantSubject, okMembers, presenceReply, uuidSegment } from '../presence-service.ts';
import { writeState } from './state.ts';

export function setState(context: PresenceContext): PresenceOperation {
  const { store, settings, presenceChannels } = context;
  return {
    name: 'SetState',
    summary: 'Sets the state of a uuid in channels',
    ...channelCall('/uuid/:uuid/data'),
    schema: {
      query: Type.Object({
        ...commonParameters,
        'channel-group': channelGroup,
        state: optionalText('JSON object: the state in every channel named'),
      }),
      replies: {
        200: Type.Object({ ...okMembers, payload: Type.Record(Type.String(), Type.Unknown()) }),
      },
    },
    errors: [...occupantErrors, 'noState', 'invalidJson', 'stateTooLarge'],
    subject: occupantSubject,
    demand: demandRead,
    async run(call) {
      const { tenant, query, url } = call;
      const uuid = parseUuidSegment(segmentAt(url, uuidSegment));
      if (query.state === undefined || query.state === '') throw errors.noState();
      const state = parseState(query.state);
      // Channels without presence have no occupants and no state.
      const channels = withPresence(presenceChannels, await channelsOf(context, call));
      await writeState(store, tenant, {
        uuid,
        channels,
        state: JSON.stringify(state),
        absentTtlMs: settings.presenceStrictState ? 0 : settings.presenceTimeoutSeconds * 1_000,
      });
      return presenceReply(call, { payload: state });
    },
  };
}
