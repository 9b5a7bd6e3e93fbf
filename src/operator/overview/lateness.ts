/** How late the last expiries were. */

export interface Lateness {
  /** Adds the lateness of so many expiries. */
  add(lateMs: number, times?: number): void;
  /** Of the last 1 000; null before the first. */
  p99(): number | null;
}

const kept = 1_000;

/** Makes an empty record. */
export function makeLateness(): Lateness {
  const ring = new Float64Array(kept);
  let added = 0;
  return {
    add(lateMs, times = 1) {
      for (let at = 0; at < Math.min(times, kept); at += 1) ring[(added + at) % kept] = lateMs;
      added += times;
    },
    p99() {
      const known = ring.slice(0, Math.min(added, kept)).sort();
      return known[Math.ceil(known.length * 0.99) - 1] ?? null;
    },
  };
}
