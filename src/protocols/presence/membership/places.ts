/** One presence request, as far as all operations share it. */
import type { Store, Tenant } from '../../../store/store.ts';
import { channelsOfGroups } from '../channel-groups/channel-groups.ts';
import { errors } from '../errors.ts';
import { channelsOf, listOf, type Query } from '../wire/request.ts';
import type { Selection } from './presence-channels.ts';

export interface PresenceSettings {
  readonly presenceEnabled: boolean;
  readonly presenceTimeoutSeconds: number;
  readonly presenceMaxChannels: number;
  readonly presenceHoldSeconds: number;
  readonly presenceAnnounceMax: number;
  readonly presenceIntervalSeconds: number;
  readonly presenceDeltas: boolean;
  readonly presenceLeaveOnDisconnect: boolean;
  readonly presenceStrictState: boolean;
  readonly presenceRenewWhileHeld: boolean;
}

export interface Call {
  readonly store: Store;
  readonly settings: PresenceSettings;
  /** Which channels somebody can be in. */
  readonly selection: Selection;
  readonly tenant: Tenant;
  /** The path segment that names channels, still encoded; empty where the path has none. */
  readonly channels: string;
  readonly query: Query;
}

export interface Place {
  readonly channel: string;
  /** The names that a `state` object may know the channel by: its own, and those of the groups it came with. */
  readonly knownAs: readonly string[];
}

/** The channels of a request and of its groups, each once. Throws if nothing is named, or too much. */
export function placesOf(call: Call): readonly Place[] | Promise<readonly Place[]> {
  const channels = channelsOf(call.channels);
  const groups = listOf(call.query['channel-group']);
  const most = call.settings.presenceMaxChannels;
  if (!channels.any && !groups.any) throw errors.missingChannel();
  if (channels.names.length > most) throw errors.tooManyChannels(most);
  // Most requests name no group: then there is nothing to wait for.
  if (groups.names.length > 0) return placesWithGroups(call, channels.names, groups.names);
  return channels.names.map((channel) => ({ channel, knownAs: [channel] }));
}

async function placesWithGroups(
  { store, tenant, settings }: Call,
  channels: readonly string[],
  groups: readonly string[],
): Promise<readonly Place[]> {
  const found = await channelsOfGroups(store, tenant, groups);
  return placesIn(
    channels,
    groups.map((group, at) => ({ group, channels: found[at] ?? [] })),
    settings.presenceMaxChannels,
  );
}

/** Channels and those of groups, each once. Throws if there are more than `most`. */
export function placesIn(
  channels: readonly string[],
  groups: readonly { readonly group: string; readonly channels: readonly string[] }[],
  most: number,
): readonly Place[] {
  const places = new Map<string, string[]>(channels.map((channel) => [channel, [channel]]));
  for (const { group, channels: members } of groups) {
    for (const channel of members) {
      const knownAs = places.get(channel);
      if (knownAs === undefined) places.set(channel, [channel, group]);
      else knownAs.push(group);
    }
  }
  if (places.size > most) throw errors.tooManyChannels(most);
  return [...places].map(([channel, knownAs]) => ({ channel, knownAs }));
}

/** The names alone. */
export async function channelsIn(call: Call): Promise<readonly string[]> {
  return (await placesOf(call)).map(({ channel }) => channel);
}

/** The one channel of a request that names exactly one and no group: such requests have a short form of answer. */
export function onlyChannel({ channels, query }: Call): string | undefined {
  const { names } = channelsOf(channels);
  return names.length === 1 && !listOf(query['channel-group']).any ? names[0] : undefined;
}
