/** Brings entries of several nodes into one order. Pure. */

/** Entries of one node, in its order. */
export interface NodeList<Item> {
  readonly items: readonly Item[];
  /** Whether the node has more than these. */
  readonly isCut: boolean;
}

/**
 * Returns the entries of all nodes in the order of their wall times, as far as all of them are known: up to the last one of a list that
 * was cut. Entries of one node keep their order also if its clock was set back.
 */
export function mergeByTime<Item extends { readonly atMs: number }>(
  lists: readonly NodeList<Item>[],
  order: 'oldest' | 'newest' = 'oldest',
): Item[] {
  const sign = order === 'oldest' ? 1 : -1;
  const timed = lists.flatMap(({ items, isCut }) => {
    let latest = Number.NEGATIVE_INFINITY;
    return items.map((item, index) => {
      latest = Math.max(latest, sign * item.atMs);
      return { item, at: latest, isLast: isCut && index === items.length - 1 };
    });
  });
  const sorted = timed.toSorted((a, b) => a.at - b.at);
  const end = sorted.findIndex(({ isLast }) => isLast);
  return (end === -1 ? sorted : sorted.slice(0, end + 1)).map(({ item }) => item);
}
