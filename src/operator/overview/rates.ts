/** Counts per second of the last ten minutes, in a ring: adding costs an addition. */

const seconds = 600;

export interface Rates {
  count(name: RateName, atMs: number, by?: number): void;
  /** The counts of each of the last 600 seconds, the oldest first; the second that runs is not among them. */
  read(name: RateName, nowMs: number): readonly number[];
}

const names = ['requests', 'errors', 'expiries'] as const;
export type RateName = (typeof names)[number];

/** Makes empty counts. */
export function makeRates(): Rates {
  const rings = new Map(names.map((name) => [name, new Float64Array(seconds + 1)]));
  let newest = 0;
  /** Empties the seconds that passed since the last call. */
  const moveTo = (second: number): void => {
    const from = Math.max(newest + 1, second - seconds);
    for (let at = from; at <= second; at += 1) for (const ring of rings.values()) ring[at % ring.length] = 0;
    newest = Math.max(newest, second);
  };
  return {
    count(name, atMs, by = 1) {
      const second = Math.floor(atMs / 1_000);
      if (second !== newest) moveTo(second);
      const ring = rings.get(name);
      // Wall time may go back: what happens then counts in the newest second.
      if (ring !== undefined) ring[newest % ring.length] = (ring[newest % ring.length] ?? 0) + by;
    },
    read(name, nowMs) {
      moveTo(Math.floor(nowMs / 1_000));
      const ring = rings.get(name) ?? new Float64Array(0);
      return Array.from({ length: seconds }, (_, at) => ring[(newest - seconds + at) % ring.length] ?? 0);
    },
  };
}
