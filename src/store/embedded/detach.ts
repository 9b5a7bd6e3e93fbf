/** Text that the store keeps for long. */

/** V8 copies a shorter part of a string; a longer one it keeps as a reference to the whole. */
const minSlice = 13;

/**
 * Returns the same text in memory of its own. A part of a request's target would keep the whole target in memory as long as the lease
 * lives.
 */
export function detach(text: string): string {
  return text.length < minSlice ? text : (JSON.parse(JSON.stringify(text)) as string);
}
