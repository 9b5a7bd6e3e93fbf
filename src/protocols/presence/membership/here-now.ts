/** Here now: the occupants of channels; in a short form for exactly one channel and no group. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandRead } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import {
  channelErrors,
  channelSubject,
  commonErrors,
  type PresenceOperation,
  permissionErrors,
} from '../wire/operation.ts';
import {
  ChannelsReply,
  hereNowQuery,
  OneChannelReply,
  occupancyOf,
  occupancyOfAll,
  parseListing,
} from './occupancy.ts';
import { channelsOf, onlyChannel } from './places.ts';
import { channelCall, presenceReply } from './presence-service.ts';

export function hereNow(context: PresenceContext): PresenceOperation {
  const { store } = context;
  return {
    name: 'HereNow',
    summary: 'Lists the occupants of channels',
    ...channelCall(''),
    schema: { query: hereNowQuery, replies: { 200: Type.Union([OneChannelReply, ChannelsReply]) } },
    errors: [
      ...commonErrors,
      ...permissionErrors,
      ...channelErrors,
      'notTurnedOn',
      'invalidLimit',
      'invalidOffset',
      'tooManyUuids',
    ],
    subject: channelSubject,
    demand: demandRead,
    async run(call) {
      const { tenant, query } = call;
      const listing = parseListing(query);
      const only = onlyChannel(call);
      const found =
        only === undefined
          ? { payload: await occupancyOfAll(store, tenant, await channelsOf(context, call), listing) }
          : await occupancyOf(store, tenant, only, listing);
      return presenceReply(call, found);
    },
  };
}
