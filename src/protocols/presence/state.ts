/** Setting and getting the state of a uuid in channels. */
import type { Store } from '../../store/store.ts';
import { errors } from './errors.ts';
import { type PresenceSettings, placesOf } from './heartbeat.ts';
import { getState, setState, tenantOf } from './occupants.ts';
import { channelsOf, checkedUuid, decode, listOf, type Query, stateOf, subscribeKeyOf } from './request.ts';

/** `GET …/channel/{channel}/uuid/{uuid}/data?state=`: one object for every channel named and every channel of the groups. */
export async function putState(
  store: Store,
  settings: PresenceSettings,
  subscribeKey: string,
  channelSegment: string,
  uuidSegment: string,
  query: Query,
): Promise<Record<string, unknown>> {
  const tenant = tenantOf(subscribeKeyOf(subscribeKey));
  const uuid = checkedUuid(decode(uuidSegment, errors.invalidUuid));
  if (query.state === undefined || query.state === '') throw errors.noState();
  const state = stateOf(query.state);
  const places = await placesOf(
    store,
    tenant,
    channelSegment,
    query['channel-group'],
    settings.presenceMaxChannels,
  );
  const channels = places.map(({ channel }) => channel);
  const keptForMs = settings.presenceTimeoutSeconds * 1_000;
  await setState(store, tenant, uuid, channels, JSON.stringify(state), keptForMs);
  return { status: 200, message: 'OK', payload: state, service: 'Presence' };
}

/** `GET …/channel/{channel}/uuid/{uuid}`: the short form for exactly one channel and no group. */
export async function readState(
  store: Store,
  settings: PresenceSettings,
  subscribeKey: string,
  channelSegment: string,
  uuidSegment: string,
  query: Query,
): Promise<Record<string, unknown>> {
  const tenant = tenantOf(subscribeKeyOf(subscribeKey));
  const uuid = checkedUuid(decode(uuidSegment, errors.invalidUuid));
  const places = await placesOf(
    store,
    tenant,
    channelSegment,
    query['channel-group'],
    settings.presenceMaxChannels,
  );
  const channels = places.map(({ channel }) => channel);
  const states = (await getState(store, tenant, uuid, channels)).map((text) =>
    text === null ? {} : JSON.parse(text),
  );
  const isShort = channelsOf(channelSegment).names.length === 1 && !listOf(query['channel-group']).any;
  const found = isShort
    ? { payload: states[0], channel: channels[0] }
    : { payload: { channels: Object.fromEntries(channels.map((channel, at) => [channel, states[at]])) } };
  return { status: 200, message: 'OK', uuid, service: 'Presence', ...found };
}
