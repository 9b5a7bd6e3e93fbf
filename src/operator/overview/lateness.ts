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
      const place = added % kept;
      const end = place + Math.min(times, kept);
      ring.fill(lateMs, place, end);
      // As many as do not fit before the end of the ring are at its beginning.
      if (end > kept) ring.fill(lateMs, 0, end - kept);
      added += times;
    },
    p99() {
      const known = ring.slice(0, Math.min(added, kept)).sort();
      return known[Math.ceil(known.length * 0.99) - 1] ?? null;
    },
  };
}
