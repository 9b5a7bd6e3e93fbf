/** Announce heartbeat, and leave. */
import { type Call, channelsIn, placesOf } from './call.ts';
import { beat, leave } from './occupants.ts';
import { requiredUuid, stateFor, stateOf, timeoutSecondsOf } from './request.ts';

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}/heartbeat`. */
export async function heartbeat(call: Call): Promise<void> {
  const { store, settings, tenant, query } = call;
  const uuid = requiredUuid(query.uuid);
  const timeoutSeconds = timeoutSecondsOf(query.heartbeat);
  const state = query.state === undefined || query.state === '' ? undefined : stateOf(query.state);
  const places = await placesOf(call);
  if (places.length === 0) return;
  const groups = places.map(({ channel, knownAs }) => {
    const data = state === undefined ? undefined : firstOf(knownAs, (name) => stateFor(state, name));
    return data === undefined ? { group: channel } : { group: channel, data };
  });
  const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000;
  await beat(store, tenant, uuid, groups, timeoutMs, settings.presenceTimeoutSeconds * 1_000);
}

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}/leave`. Succeeds also where nobody was. */
export async function leaveChannels(call: Call): Promise<void> {
  const uuid = requiredUuid(call.query.uuid);
  await leave(call.store, call.tenant, uuid, await channelsIn(call));
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
