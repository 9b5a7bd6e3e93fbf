/** Which channels have presence, where a keyset has it on some only: elsewhere nobody is counted and no event is made. */

/** Whether a channel has presence. Undefined: all have. */
export type Selection = ((channel: string) => boolean) | undefined;

/** `names`: channels, and patterns such as `chat.*` for all below and the pattern itself. None: all channels. */
export function selectionOf(names: readonly string[]): Selection {
  if (names.length === 0) return undefined;
  const selected = new Set(names);
  // However deep: unlike a subscribe to a pattern this costs no more for it.
  const prefixes = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1));
  return (channel) => selected.has(channel) || prefixes.some((prefix) => channel.startsWith(prefix));
}

/** Those of some channels that have presence. */
export function withPresence(selection: Selection, channels: readonly string[]): readonly string[] {
  return selection === undefined ? channels : channels.filter(selection);
}
