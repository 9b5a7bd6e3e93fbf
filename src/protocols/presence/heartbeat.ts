/** Announce heartbeat, and leave. */
import type { Store, Tenant } from '../../store/store.ts';
import { channelsOfGroups } from './channel-groups.ts';
import { errors } from './errors.ts';
import { beat, leave, tenantOf } from './occupants.ts';
import {
  channelsOf,
  listOf,
  type Query,
  requiredUuid,
  stateFor,
  stateOf,
  subscribeKeyOf,
  timeoutSecondsOf,
} from './request.ts';

export interface PresenceSettings {
  readonly presenceTimeoutSeconds: number;
  readonly presenceMaxChannels: number;
}

interface Place {
  readonly channel: string;
  /** The names that a `state` object may know the channel by: its own, and those of the groups it came with. */
  readonly knownAs: readonly string[];
}

/** The channels of a request and of its groups, each once. Throws if nothing is named, or too much. */
export function placesOf(
  store: Store,
  tenant: Tenant,
  channelSegment: string,
  channelGroup: string | undefined,
  most: number,
): readonly Place[] | Promise<readonly Place[]> {
  const channels = channelsOf(channelSegment);
  const groups = listOf(channelGroup);
  if (!channels.any && !groups.any) throw errors.missingChannel();
  if (channels.names.length > most) throw errors.tooManyChannels(most);
  // Most requests name no group: then there is nothing to wait for.
  if (groups.names.length > 0) return placesWithGroups(store, tenant, channels.names, groups.names, most);
  return channels.names.map((channel) => ({ channel, knownAs: [channel] }));
}

async function placesWithGroups(
  store: Store,
  tenant: Tenant,
  channels: readonly string[],
  groups: readonly string[],
  most: number,
): Promise<readonly Place[]> {
  const places = new Map<string, string[]>(channels.map((channel) => [channel, [channel]]));
  for (const [at, members] of (await channelsOfGroups(store, tenant, groups)).entries()) {
    const group = groups[at] ?? '';
    for (const channel of members) {
      const knownAs = places.get(channel);
      if (knownAs === undefined) places.set(channel, [channel, group]);
      else knownAs.push(group);
    }
  }
  if (places.size > most) throw errors.tooManyChannels(most);
  return [...places].map(([channel, knownAs]) => ({ channel, knownAs }));
}

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}/heartbeat`. */
export async function heartbeat(
  store: Store,
  settings: PresenceSettings,
  subscribeKey: string,
  channelSegment: string,
  query: Query,
): Promise<void> {
  const tenant = tenantOf(subscribeKeyOf(subscribeKey));
  const uuid = requiredUuid(query.uuid);
  const timeoutSeconds = timeoutSecondsOf(query.heartbeat);
  const state = query.state === undefined || query.state === '' ? undefined : stateOf(query.state);
  const places = await placesOf(
    store,
    tenant,
    channelSegment,
    query['channel-group'],
    settings.presenceMaxChannels,
  );
  if (places.length === 0) return;
  const groups = places.map(({ channel, knownAs }) => {
    const data = state === undefined ? undefined : firstOf(knownAs, (name) => stateFor(state, name));
    return data === undefined ? { group: channel } : { group: channel, data };
  });
  const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1_000;
  await beat(store, tenant, uuid, groups, timeoutMs, settings.presenceTimeoutSeconds * 1_000);
}

/** `GET /v2/presence/sub-key/{sub_key}/channel/{channel}/leave`. Succeeds also where nobody was. */
export async function leaveChannels(
  store: Store,
  settings: PresenceSettings,
  subscribeKey: string,
  channelSegment: string,
  query: Query,
): Promise<void> {
  const tenant = tenantOf(subscribeKeyOf(subscribeKey));
  const uuid = requiredUuid(query.uuid);
  const places = await placesOf(
    store,
    tenant,
    channelSegment,
    query['channel-group'],
    settings.presenceMaxChannels,
  );
  await leave(
    store,
    tenant,
    uuid,
    places.map(({ channel }) => channel),
  );
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
