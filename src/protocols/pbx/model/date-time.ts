/** Dates and durations as the PBX writes them. */

/** Returns a date in UTC: `2019-01-13 23:09:02`. */
export function dateTime(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Returns hours, minutes and seconds: `01:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
