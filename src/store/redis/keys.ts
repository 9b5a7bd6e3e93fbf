/** Names of a partition's keys that both TypeScript and the scripts use. `lua/shared/keys.lua` describes all keys. */

/** Ends of the names, which the scripts get under the same names. */
export const keyNames = { clockName: 'clock', appendsName: 'appends' } as const;

/**
 * How the keys are laid out, which the clock of a partition states from when it is first stored. It is raised with any change after which
 * nodes before and after it must not share a database.
 */
export const layoutVersion = 2;

/** Returns the start of all keys of a partition: their hash tag, so that a Redis Cluster keeps them in one slot. */
export function partitionPrefix(partition: number): string {
  return `{hb:${partition}}:`;
}

/** Returns the key of a partition's clock, which every script gets and makes all other keys from. */
export function clockKey(partition: number): string {
  return partitionPrefix(partition) + keyNames.clockName;
}

/**
 * Returns the keys that every script declares: the clock, and one that never exists. While a Redis Cluster migrates the slot,
 * some declared keys are then missing on every node, so that a node refuses the script (ASK or TRYAGAIN) before its first
 * write. With the clock alone a script would run until it reaches a key that has moved. A key that is missing in a slot that
 * does not migrate has no effect.
 */
export function declaredKeys(partition: number): readonly [clock: string, absent: string] {
  return [clockKey(partition), `${partitionPrefix(partition)}absent`];
}

/** Returns the channel on which a partition's appends are published. */
export function appendsChannel(partition: number): string {
  return partitionPrefix(partition) + keyNames.appendsName;
}
