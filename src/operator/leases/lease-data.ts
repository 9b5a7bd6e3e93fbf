/** What a lease carries. Pure. */

/** Returns the data of a lease: JSON if a protocol keeps any, other text as it is, or null. */
export function dataOf(data: string | null): unknown {
  if (data === null) return null;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
