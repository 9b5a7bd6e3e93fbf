/**
 * The rebalancer: computes which consumer should own which shard. Pure: the same input, in any order, gives the same output.
 *
 * Loads differ by at most one, with the fewest moves that this allows. For N shards and M consumers, b = floor(N/M) and r = N mod M: r
 * consumers get b + 1 shards, the others b. Consumers with more than b shards get the larger quotas first, because each of those saves a
 * move. Unassigned shards, and those beyond a consumer's quota, fill the remaining places.
 */

/** Shard ids and the consumer each is meant for now, null if none. Consumers that are not live count as none. */
export type Targets = ReadonlyMap<number, string | null>;

/** Returns the consumer of every shard; null if there are no consumers. */
export function assign(targets: Targets, consumers: Iterable<string>): Map<number, string | null> {
  const names = [...new Set(consumers)].sort();
  const shards = [...targets.keys()].sort((a, b) => a - b);
  if (names.length === 0) return new Map(shards.map((shard) => [shard, null]));

  const current = new Map<string, number[]>(names.map((name) => [name, []]));
  const unassigned: number[] = [];
  for (const shard of shards) {
    const own = current.get(targets.get(shard) ?? '');
    if (own === undefined) unassigned.push(shard);
    else own.push(shard);
  }

  const base = Math.floor(shards.length / names.length);
  const larger = shards.length % names.length;
  const count = (name: string): number => current.get(name)?.length ?? 0;
  // Sorting is stable: consumers with equal loads stay in the order of their names.
  const byLoad = [...names].sort((a, b) => count(b) - count(a));
  const places = new Map(byLoad.map((name, at) => [name, at < larger ? base + 1 : base]));

  const result = new Map<number, string | null>();
  for (const name of names) {
    const own = current.get(name) ?? [];
    const retained = own.slice(0, places.get(name) ?? 0);
    for (const shard of retained) result.set(shard, name);
    // The highest ids are moved.
    unassigned.push(...own.slice(retained.length));
    places.set(name, (places.get(name) ?? 0) - retained.length);
  }
  unassigned.sort((a, b) => a - b);
  let next = 0;
  for (const name of names) {
    for (let left = places.get(name) ?? 0; left > 0; left -= 1) {
      const shard = unassigned[next];
      if (shard === undefined) break;
      result.set(shard, name);
      next += 1;
    }
  }
  return result;
}
