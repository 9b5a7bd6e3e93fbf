/** A cache with a bound on its entries. */

export interface BoundedMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): void;
  delete(key: K): void;
}

/** Makes a map that forgets the entry set longest ago when another one would exceed `max`. */
export function makeBoundedMap<K, V>(max: number): BoundedMap<K, V> {
  const entries = new Map<K, V>();
  return {
    get size() {
      return entries.size;
    },
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set(key, value) {
      // Moves a known key to the end, so that the first entry is the one set longest ago.
      if (!entries.delete(key) && entries.size >= max) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      entries.set(key, value);
    },
    delete(key) {
      entries.delete(key);
    },
  };
}
