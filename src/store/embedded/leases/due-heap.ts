/**
 * Items with a deadline, ordered by a lower bound of it. Moving a deadline back (every renewal) leaves the heap alone: an
 * item whose bound comes up before its deadline is moved down then.
 */

export interface Due {
  deadlineMs: number;
  /** Lower bound of `deadlineMs`; only the heap writes it. */
  dueMs: number;
  /** Its index in the heap, -1 if it is not in there; only the heap writes it. */
  slot: number;
}

/** Children of a node: their bounds, which are compared with each other, are in one cache line. */
const children = 4;

/** A heap of items by the lower bound of their deadlines. */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];
  /** The `dueMs` of each item. */
  readonly #bounds: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Lower bound of the earliest deadline, ms; Infinity if the heap is empty. */
  get earliestMs(): number {
    return this.#bounds[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Adds the item, or updates its place after its deadline changed; only an earlier deadline moves it. */
  watch(item: T): void {
    if (item.slot !== -1 && item.deadlineMs >= item.dueMs) return;
    this.#up(item, item.deadlineMs, item.slot === -1 ? this.#items.length : item.slot);
  }

  /** Removes the item, if it is in the heap. */
  remove(item: T): void {
    if (item.slot === -1) return;
    const last = this.#items.pop();
    this.#bounds.pop();
    if (last !== undefined && last !== item) {
      if (last.dueMs < item.dueMs) this.#up(last, last.dueMs, item.slot);
      else this.#down(last, last.dueMs, item.slot);
    }
    item.slot = -1;
  }

  /**
   * Looks at the item with the earliest bound. Removes and returns it if it is due; returns undefined if nothing is. Returns `postponed`
   * if its deadline moved back in the meantime: then it is in its new place, and others may be due.
   */
  takeDue(nowMs: number): T | 'postponed' | undefined {
    const item = this.#items[0];
    if (item === undefined || item.dueMs > nowMs) return undefined;
    if (item.deadlineMs === item.dueMs) {
      this.remove(item);
      return item;
    }
    this.#down(item, item.deadlineMs, 0);
    return 'postponed';
  }

  #put(item: T, dueMs: number, slot: number): void {
    this.#items[slot] = item;
    this.#bounds[slot] = dueMs;
    item.dueMs = dueMs;
    item.slot = slot;
  }

  /** Moves an item up from a slot that is free or its own until nothing above it is due later. */
  #up(item: T, dueMs: number, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = Math.floor((slot - 1) / children);
      const bound = this.#bounds[above];
      const parent = this.#items[above];
      if (parent === undefined || bound === undefined || bound <= dueMs) break;
      this.#put(parent, bound, slot);
      slot = above;
    }
    this.#put(item, dueMs, slot);
  }

  /** Moves an item down from a slot that is free or its own until nothing below it is due earlier. */
  #down(item: T, dueMs: number, from: number): void {
    let slot = from;
    for (;;) {
      const first = children * slot + 1;
      let least = dueMs;
      let at = -1;
      const end = Math.min(first + children, this.#bounds.length);
      for (let child = first; child < end; child += 1) {
        const bound = this.#bounds[child] ?? least;
        if (bound >= least) continue;
        least = bound;
        at = child;
      }
      const earliest = this.#items[at];
      if (earliest === undefined) break;
      this.#put(earliest, least, slot);
      slot = at;
    }
    this.#put(item, dueMs, slot);
  }
}
