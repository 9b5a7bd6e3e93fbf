/** The places in which entries are kept: a ring, so that an entry costs one write, whatever it displaces. */
import type { KeptEntry } from './entry.ts';

/** Limits of the journal. */
export interface JournalLimits {
  readonly entries: number;
  /** Of URLs, headers and bodies, of requests and replies together. */
  readonly bytes: number;
}

export interface EntryRing {
  readonly newest: number;
  readonly droppedThrough: number;
  /** Returns the place of an entry, whether it is kept or not. */
  placeOf(seq: number): number;
  /** `place`: that of the entry. */
  has(entry: KeptEntry, place: number): boolean;
  get(seq: number): KeptEntry | undefined;
  /** Returns what is kept, in the order of sequence numbers. */
  list(): KeptEntry[];
  /** Adds an entry, whose sequence number is the one after the newest, and returns its place. */
  add(entry: KeptEntry, size: number): number;
  /** Adds to the bytes of what is kept in a place, and returns them. */
  grow(place: number, size: number): number;
  /** Drops the oldest entries until the bytes are within their limit. */
  trim(): void;
  forget(seq: number): void;
}

const free = -1;

/** Makes a ring without entries. */
export function makeEntryRing({ entries: capacity, bytes: maxBytes }: JournalLimits): EntryRing {
  const ring: (KeptEntry | undefined)[] = [];
  /** Bytes of the entry in each place; `free`: there is none. The oldest entry is displaced without reading it: it has left all caches. */
  const sizes = new Float64Array(capacity).fill(free);
  let newest = 0;
  /** The place after the newest, without a division for each entry. */
  let next = 0;
  let droppedThrough = 0;
  let bytes = 0;

  const placeOf = (seq: number): number => (seq - 1) % capacity;
  const get = (seq: number): KeptEntry | undefined => {
    const entry = ring[placeOf(seq)];
    return entry?.seq === seq ? entry : undefined;
  };
  const forget = (seq: number): void => {
    if (get(seq) === undefined) return;
    const place = placeOf(seq);
    ring[place] = undefined;
    bytes -= sizes[place] ?? 0;
    sizes[place] = free;
  };
  return {
    get newest() {
      return newest;
    },
    get droppedThrough() {
      return droppedThrough;
    },
    placeOf,
    has: (entry, place) => ring[place] === entry,
    get,
    list: () => ring.filter((entry) => entry !== undefined).sort((a, b) => a.seq - b.seq),
    add(entry, size) {
      newest = entry.seq;
      const place = next;
      next = place + 1 === capacity ? 0 : place + 1;
      const displaced = sizes[place] ?? free;
      if (displaced !== free) {
        bytes -= displaced;
        droppedThrough = newest - capacity;
      }
      ring[place] = entry;
      sizes[place] = size;
      bytes += size;
      return place;
    },
    grow(place, size) {
      const grown = (sizes[place] ?? 0) + size;
      sizes[place] = grown;
      bytes += size;
      return grown;
    },
    trim() {
      for (let seq = Math.max(droppedThrough, newest - capacity) + 1; bytes > maxBytes; seq += 1) {
        if (get(seq) === undefined) continue;
        forget(seq);
        droppedThrough = seq;
      }
    },
    forget,
  };
}
