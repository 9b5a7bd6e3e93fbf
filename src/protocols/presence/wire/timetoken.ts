/** Timetokens that the node makes itself, for replies that no event stands behind. */

/** Returns the 17-digit timetoken of a wall time, ms since 1970. */
export function timetokenAt(wallMs: number): string {
  return String(BigInt(Math.floor(wallMs)) * 10_000n);
}
