/** Occupants of channels, as the here-now calls list them. */
import { Type } from '@sinclair/typebox';
import type { Members, Store, Tenant } from '../../../store/store.ts';
import { limits } from '../wire/decode/limits.ts';
import type { Query } from '../wire/decode/target.ts';
import { parseWholeNumber } from '../wire/decode/values.ts';
import { errors } from '../wire/errors.ts';
import { channelGroup, commonParameters, optionalText } from '../wire/parameters.ts';
import { okMembers } from './presence-service.ts';

/** The query of the here-now calls. */
export const hereNowQuery = Type.Object({
  ...commonParameters,
  'channel-group': channelGroup,
  disable_uuids: optionalText('1: occupancy only'),
  'disable-uuids': optionalText('The same, as one SDK spells it'),
  state: optionalText('1: with the state of each uuid'),
  limit: optionalText('Maximum uuids per channel, 0 to 1000'),
  offset: optionalText('Number of uuids to skip per channel'),
});

const Uuids = Type.Array(
  Type.Union([Type.String(), Type.Object({ uuid: Type.String(), state: Type.Optional(Type.Unknown()) })]),
);

const Occupancy = { uuids: Type.Optional(Uuids), occupancy: Type.Integer() };

/** The reply for exactly one channel. */
export const OneChannelReply = Type.Object({ ...okMembers, ...Occupancy });

/** The reply for any number of channels. */
export const ChannelsReply = Type.Object({
  ...okMembers,
  payload: Type.Object({
    channels: Type.Record(Type.String(), Type.Object(Occupancy)),
    total_channels: Type.Integer(),
    total_occupancy: Type.Integer(),
  }),
});

/** What to list of each channel. */
export interface Listing {
  readonly uuids: boolean;
  readonly state: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** Parses the parameters of a here-now call. */
export function parseListing(query: Query): Listing {
  const limit = parseWholeNumber(query.limit, limits.hereNowUuids, errors.invalidLimit);
  if (limit > limits.hereNowUuids) throw errors.tooManyUuids();
  return {
    uuids: (query.disable_uuids ?? query['disable-uuids']) !== '1',
    state: query.state === '1',
    limit,
    offset: parseWholeNumber(query.offset, 0, errors.invalidOffset),
  };
}

/** Returns the occupants of a channel. Occupancy is always the full count, whatever page of uuids is listed. */
export async function occupancyOf(
  store: Store,
  tenant: Tenant,
  channel: string,
  listing: Listing,
): Promise<Record<string, unknown>> {
  return describe(await readMembers(store, tenant, channel, listing), listing);
}

/** Returns the occupants of channels with their totals. Empty ones are left out: recordings only show occupied channels. */
export async function occupancyOfAll(
  store: Store,
  tenant: Tenant,
  channels: readonly string[],
  listing: Listing,
): Promise<Record<string, unknown>> {
  const found = await Promise.all(channels.map((channel) => readMembers(store, tenant, channel, listing)));
  const occupied: [string, unknown][] = [];
  let total = 0;
  for (const [at, members] of found.entries()) {
    if (members.count === 0) continue;
    total += members.count;
    occupied.push([channels[at] ?? '', describe(members, listing)]);
  }
  return { channels: Object.fromEntries(occupied), total_channels: occupied.length, total_occupancy: total };
}

function readMembers(store: Store, tenant: Tenant, channel: string, listing: Listing): Promise<Members> {
  const { uuids, limit, offset } = listing;
  return store.members({ tenant, group: channel, offset, limit: uuids ? limit : 0 });
}

function describe({ count, leases }: Members, listing: Listing): Record<string, unknown> {
  if (!listing.uuids) return { occupancy: count };
  const uuids = leases.map(({ holder, data }) => {
    if (!listing.state) return holder;
    return data === null ? { uuid: holder } : { uuid: holder, state: JSON.parse(data) };
  });
  return { uuids, occupancy: count };
}
