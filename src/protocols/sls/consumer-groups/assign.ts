/**
 * The rebalancer: who should have which shard. Pure: the same input, in any order, gives the same output.
 *
 * Loads differ by at most one, with the fewest moves that allows. For N shards and M consumers, b = floor(N/M) and r = N mod
 * M, r consumers have one seat more than b. Those who hold more than b get the bigger seats first: each such seat saves a
 * move. What nobody holds, and what is over a consumer's seats, fills the seats that are left.
 */

/** Shard ids to the consumer each is meant for now, null for nobody. Consumers that are gone count as nobody. */
export type Targets = ReadonlyMap<number, string | null>;

/** Every shard gets one of the consumers, or null where there is none. */
export function assign(targets: Targets, consumers: Iterable<string>): Map<number, string | null> {
  const names = [...new Set(consumers)].sort();
  const shards = [...targets.keys()].sort((a, b) => a - b);
  if (names.length === 0) return new Map(shards.map((shard) => [shard, null]));

  const held = new Map<string, number[]>(names.map((name) => [name, []]));
  const free: number[] = [];
  for (const shard of shards) {
    const mine = held.get(targets.get(shard) ?? '');
    if (mine === undefined) free.push(shard);
    else mine.push(shard);
  }

  const base = Math.floor(shards.length / names.length);
  const bigger = shards.length % names.length;
  const count = (name: string): number => held.get(name)?.length ?? 0;
  // Sorting is stable, so equal ones stay in the order of their names.
  const byNeed = [...names].sort((a, b) => count(b) - count(a));
  const seats = new Map(byNeed.map((name, at) => [name, at < bigger ? base + 1 : base]));

  const result = new Map<number, string | null>();
  for (const name of names) {
    const mine = held.get(name) ?? [];
    const kept = mine.slice(0, seats.get(name) ?? 0);
    for (const shard of kept) result.set(shard, name);
    // The highest ids go.
    free.push(...mine.slice(kept.length));
    seats.set(name, (seats.get(name) ?? 0) - kept.length);
  }
  free.sort((a, b) => a - b);
  let next = 0;
  for (const name of names) {
    for (let left = seats.get(name) ?? 0; left > 0; left -= 1) {
      const shard = free[next];
      if (shard === undefined) break;
      result.set(shard, name);
      next += 1;
    }
  }
  return result;
}
