/** Who is here, and where somebody is. */
import type { Members, Store, Tenant } from '../../../store/store.ts';
import { errors } from '../errors.ts';
import { limits, type Query, uuidOf } from '../wire/request.ts';
import { type Call, channelsIn, onlyChannel } from './places.ts';

interface Wanted {
  readonly uuids: boolean;
  readonly state: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** Channels in one global answer; more are left out, the totals too. Ours: the documents give no number. */
const maxGlobalChannels = 10_000;
const page = 500;

function wholeNumber(text: string | undefined, fallback: number, invalid: () => Error): number {
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) throw invalid();
  return Number(text);
}

function wantedOf(query: Query): Wanted {
  const limit = wholeNumber(query.limit, limits.hereNowUuids, errors.invalidLimit);
  if (limit > limits.hereNowUuids) throw errors.tooManyUuids();
  return {
    uuids: (query.disable_uuids ?? query['disable-uuids']) !== '1',
    state: query.state === '1',
    limit,
    offset: wholeNumber(query.offset, 0, errors.invalidOffset),
  };
}

/** Occupancy is always the full count, whatever page of uuids is asked. */
function occupancyOf(members: Members, wanted: Wanted): Record<string, unknown> {
  if (!wanted.uuids) return { occupancy: members.count };
  const uuids = members.leases.map(({ holder, data }) => {
    if (!wanted.state) return holder;
    return data === null ? { uuid: holder } : { uuid: holder, state: JSON.parse(data) };
  });
  return { uuids, occupancy: members.count };
}

const membersOf = (store: Store, tenant: Tenant, channel: string, wanted: Wanted): Promise<Members> =>
  store.members({ tenant, group: channel, offset: wanted.offset, limit: wanted.uuids ? wanted.limit : 0 });

async function payloadOf(
  store: Store,
  tenant: Tenant,
  channels: readonly string[],
  wanted: Wanted,
): Promise<Record<string, unknown>> {
  const found = await Promise.all(channels.map((channel) => membersOf(store, tenant, channel, wanted)));
  const occupied: [string, unknown][] = [];
  let total = 0;
  for (const [at, members] of found.entries()) {
    // Empty ones are left out: recordings only show occupied channels.
    if (members.count === 0) continue;
    total += members.count;
    occupied.push([channels[at] ?? '', occupancyOf(members, wanted)]);
  }
  return { channels: Object.fromEntries(occupied), total_channels: occupied.length, total_occupancy: total };
}

const success = { status: 200, message: 'OK' } as const;

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}`: the short form for exactly one channel and no group. */
export async function hereNow(call: Call): Promise<Record<string, unknown>> {
  const { store, tenant, query } = call;
  const wanted = wantedOf(query);
  const only = onlyChannel(call);
  if (only !== undefined) {
    const members = await membersOf(store, tenant, only, wanted);
    return { ...success, ...occupancyOf(members, wanted), service: 'Presence' };
  }
  return {
    ...success,
    payload: await payloadOf(store, tenant, await channelsIn(call), wanted),
    service: 'Presence',
  };
}

/** `GET /v2/presence/sub-key/{sub_key}`: every channel with somebody in it. */
export async function globalHereNow({ store, tenant, query }: Call): Promise<Record<string, unknown>> {
  const wanted = wantedOf(query);
  const channels: string[] = [];
  while (channels.length < maxGlobalChannels) {
    const after = channels.at(-1);
    const next = await store.groups({ tenant, limit: page, ...(after === undefined ? {} : { after }) });
    channels.push(...next);
    if (next.length < page) break;
  }
  return { ...success, payload: await payloadOf(store, tenant, channels, wanted), service: 'Presence' };
}

/** `GET /v2/presence/sub-key/{sub_key}/uuid/{uuid}`. */
export async function whereNow(
  { store, tenant }: Call,
  uuidSegment: string,
): Promise<Record<string, unknown>> {
  const channels = await store.groupsOf({ tenant, holder: uuidOf(uuidSegment) });
  return { ...success, payload: { channels }, service: 'Presence' };
}
