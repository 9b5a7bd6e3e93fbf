/** Announce heartbeat, and leave. */

import { requiredUuid, stateFor, stateOf, timeoutSecondsOf } from '../wire/request.ts';
import { beat, beatAfterHold, leave } from './occupants.ts';
import { type Call, channelsIn, type Place, placesOf } from './places.ts';

/**
 * Throws for parameters that no heartbeat may have; answers how a beat on some places is made. `heldSince`: the timetoken
 * at which the request came, if it was held.
 */
export function beaterOf(call: Call): (places: readonly Place[], heldSince?: bigint) => Promise<void> {
  const { store, settings, selection, tenant, query } = call;
  const uuid = requiredUuid(query.uuid);
  const timeoutSeconds = timeoutSecondsOf(query.heartbeat);
  const state = query.state === undefined || query.state === '' ? undefined : stateOf(query.state);
  const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000;
  const defaultTimeoutMs = settings.presenceTimeoutSeconds * 1_000;
  return (named, heldSince) => {
    const places = selection === undefined ? named : named.filter(({ channel }) => selection(channel));
    if (places.length === 0) return Promise.resolve();
    const groups = places.map(({ channel, knownAs }) => {
      const data = state === undefined ? undefined : firstOf(knownAs, (name) => stateFor(state, name));
      return data === undefined ? { group: channel } : { group: channel, data };
    });
    return heldSince === undefined
      ? beat(store, tenant, uuid, groups, timeoutMs, defaultTimeoutMs)
      : beatAfterHold(store, tenant, uuid, groups, timeoutMs, defaultTimeoutMs, heldSince);
  };
}

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}/heartbeat`. */
export function heartbeat(call: Call): Promise<void> {
  const beatOn = beaterOf(call);
  const places = placesOf(call);
  return 'then' in places ? places.then((found) => beatOn(found)) : beatOn(places);
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
