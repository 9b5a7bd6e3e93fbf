/** Setting and getting the state of a uuid in channels. */

import { errors } from '../errors.ts';
import { stateOf, uuidOf } from '../wire/request.ts';
import { getState, setState } from './occupants.ts';
import { type Call, channelsIn, onlyChannel } from './places.ts';
import { withPresence } from './presence-channels.ts';

/** `GET …/channel/{channel}/uuid/{uuid}/data?state=`: one object for every channel named and every channel of the groups. */
export async function putState(call: Call, uuidSegment: string): Promise<Record<string, unknown>> {
  const { store, settings, selection, tenant, query } = call;
  const uuid = uuidOf(uuidSegment);
  if (query.state === undefined || query.state === '') throw errors.noState();
  const state = stateOf(query.state);
  const keptForMs = settings.presenceTimeoutSeconds * 1_000;
  // Where there is no presence there is nobody to have a state.
  const channels = withPresence(selection, await channelsIn(call));
  await setState(
    store,
    tenant,
    uuid,
    channels,
    JSON.stringify(state),
    settings.presenceStrictState ? 0 : keptForMs,
  );
  return { status: 200, message: 'OK', payload: state, service: 'Presence' };
}

/** `GET …/channel/{channel}/uuid/{uuid}`: the short form for exactly one channel and no group. */
export async function readState(call: Call, uuidSegment: string): Promise<Record<string, unknown>> {
  const uuid = uuidOf(uuidSegment);
  const channels = await channelsIn(call);
  const states = (await getState(call.store, call.tenant, uuid, channels)).map((text) =>
    text === null ? {} : JSON.parse(text),
  );
  const channel = onlyChannel(call);
  const found =
    channel === undefined
      ? { payload: { channels: Object.fromEntries(channels.map((name, at) => [name, states[at]])) } }
      : { payload: states[0], channel };
  return { status: 200, message: 'OK', uuid, service: 'Presence', ...found };
}
