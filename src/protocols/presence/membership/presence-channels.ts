/** The channels with presence, where a keyset has it on some only: elsewhere there are no occupants and no events. */

/** Whether a channel has presence. Undefined: all have. */
export type PresenceChannels = ((channel: string) => boolean) | undefined;

/** Selects by names, and by patterns such as `chat.*` for all channels below and the pattern itself. No names: all channels. */
export function selectPresenceChannels(names: readonly string[]): PresenceChannels {
  if (names.length === 0) return undefined;
  const selected = new Set(names);
  // Any number of levels: unlike a subscribe to a pattern, depth costs nothing here.
  const prefixes = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1));
  return (channel) => selected.has(channel) || prefixes.some((prefix) => channel.startsWith(prefix));
}

/** Returns the channels that have presence. */
export function withPresence(selected: PresenceChannels, channels: readonly string[]): readonly string[] {
  return selected === undefined ? channels : channels.filter(selected);
}
