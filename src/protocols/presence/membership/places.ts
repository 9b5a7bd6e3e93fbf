/** The channels that a request is about: those it names, and those of the channel groups it names. */
import { channelsOfGroups } from '../channel-groups/channel-groups.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { parseChannels, parseNames } from '../wire/decode/names.ts';
import { errors } from '../wire/errors.ts';

/** A channel of a request. */
export interface Place {
  readonly channel: string;
  /** The names that a `state` object may know the channel by: its own, and those of the groups that it came with. Absent: its own only. */
  readonly knownAs?: readonly string[];
}

/** A channel group with its channels. */
export interface GroupedChannels {
  readonly group: string;
  readonly channels: readonly string[];
}

/**
 * Returns the channels of a request, each once; a promise only if it names groups. Throws or rejects if it names nothing, or
 * too much.
 */
export function placesOf(
  context: PresenceContext,
  call: PresenceCall,
): readonly Place[] | Promise<readonly Place[]> {
  const channels = parseChannels(call.channels);
  const groups = parseNames(call.query['channel-group']);
  const max = context.settings.presenceMaxChannels;
  if (!channels.any && !groups.any) throw errors.missingChannel();
  if (channels.names.length > max) throw errors.tooManyChannels(max);
  // Most requests name no group: then there is nothing to read.
  if (groups.names.length > 0) return placesWithGroups(context, call, channels.names, groups.names);
  return channels.names.map((channel) => ({ channel }));
}

async function placesWithGroups(
  { store, settings }: PresenceContext,
  { tenant }: PresenceCall,
  channels: readonly string[],
  groups: readonly string[],
): Promise<readonly Place[]> {
  const found = await channelsOfGroups(store, tenant, groups);
  return mergePlaces(
    channels,
    groups.map((group, at) => ({ group, channels: found[at] ?? [] })),
    settings.presenceMaxChannels,
  );
}

/** Merges channels and those of groups, each once. Throws if there are more than `max`. */
export function mergePlaces(
  channels: readonly string[],
  groups: readonly GroupedChannels[],
  max: number,
): readonly Place[] {
  const places = new Map<string, string[]>(channels.map((channel) => [channel, [channel]]));
  for (const { group, channels: members } of groups) {
    for (const channel of members) {
      const knownAs = places.get(channel);
      if (knownAs === undefined) places.set(channel, [channel, group]);
      else knownAs.push(group);
    }
  }
  if (places.size > max) throw errors.tooManyChannels(max);
  return [...places].map(([channel, knownAs]) => ({ channel, knownAs }));
}

/** Returns the names of the channels of a request. */
export async function channelsOf(context: PresenceContext, call: PresenceCall): Promise<readonly string[]> {
  return (await placesOf(context, call)).map(({ channel }) => channel);
}

/** Returns the one channel of a request that names exactly one and no group, which gets a short form of reply. */
export function onlyChannel({ channels, query }: PresenceCall): string | undefined {
  const { names } = parseChannels(channels);
  return names.length === 1 && !parseNames(query['channel-group']).any ? names[0] : undefined;
}
