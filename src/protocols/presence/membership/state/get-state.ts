/** Get state of a uuid in channels; in a short form for exactly one channel and no group. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandRead } from '../../access/demand.ts';
import type { PresenceContext } from '../../context.ts';
import { segmentAt } from '../../wire/decode/target.ts';
import { parseUuidSegment } from '../../wire/decode/values.ts';
import { occupantErrors, type PresenceOperation } from '../../wire/operation.ts';
import { channelQuery } from '../../wire/parameters.ts';
import { channelsOf, onlyChannel } from '../places.ts';
import { channelCall, occupantSubject, okMembers, presenceReply, uuidSegment } from '../presence-service.ts';
import { readState } from './state.ts';

const State = Type.Record(Type.String(), Type.Unknown());
const members = { ...okMembers, uuid: Type.String() };

export function getState(context: PresenceContext): PresenceOperation {
  return {
    name: 'GetState',
    summary: 'Returns the state of a uuid in channels',
    ...channelCall('/uuid/:uuid'),
    schema: {
      query: channelQuery,
      replies: {
        200: Type.Union([
          Type.Object({ ...members, channel: Type.String(), payload: State }),
          Type.Object({
            ...members,
            payload: Type.Object({ channels: Type.Record(Type.String(), State) }),
          }),
        ]),
      },
    },
    errors: occupantErrors,
    subject: occupantSubject,
    demand: demandRead,
    async run(call) {
      const uuid = parseUuidSegment(segmentAt(call.url, uuidSegment));
      const channels = await channelsOf(context, call);
      const texts = await readState(context.store, call.tenant, uuid, channels);
      const states = texts.map((text): unknown => (text === null ? {} : JSON.parse(text)));
      const channel = onlyChannel(call);
      const found =
        channel === undefined
          ? { payload: { channels: Object.fromEntries(channels.map((name, at) => [name, states[at]])) } }
          : { payload: states[0], channel };
      return presenceReply(call, { uuid, ...found });
    },
  };
}
