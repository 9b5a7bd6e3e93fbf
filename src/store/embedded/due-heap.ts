/**
 * What has a deadline, ordered by a lower bound of it. Moving a deadline back (every renewal) leaves the heap alone:
 * an item that comes up before its deadline is put in again.
 */

export interface Due {
  deadlineMs: number;
  /** Lower bound of `deadlineMs`; only the heap writes it. */
  dueMs: number;
  /** Where the heap keeps it, -1 if it does not; only the heap writes it. */
  slot: number;
}

/** Four children each, and their bounds side by side: what is compared with each other is in one cache line. */
const children = 4;

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];
  /** The items' `dueMs`. */
  readonly #bounds: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Infinity if nothing waits. */
  get earliestMs(): number {
    return this.#bounds[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the item in, or notices that its deadline moved; only one that moved forward costs anything. */
  watch(item: T): void {
    if (item.slot !== -1 && item.deadlineMs >= item.dueMs) return;
    this.#up(item, item.deadlineMs, item.slot === -1 ? this.#items.length : item.slot);
  }

  forget(item: T): void {
    if (item.slot === -1) return;
    const last = this.#items.pop();
    this.#bounds.pop();
    if (last !== undefined && last !== item) {
      if (last.dueMs < item.dueMs) this.#up(last, last.dueMs, item.slot);
      else this.#down(last, last.dueMs, item.slot);
    }
    item.slot = -1;
  }

  /** The item with the earliest deadline if that has come, no longer in the heap; undefined if none has. */
  takeDue(nowMs: number): T | undefined {
    for (let item = this.#items[0]; item !== undefined && item.dueMs <= nowMs; item = this.#items[0]) {
      if (item.deadlineMs === item.dueMs) {
        this.forget(item);
        return item;
      }
      // Its deadline moved back since: due or not, others may be due before it.
      this.#down(item, item.deadlineMs, 0);
    }
    return undefined;
  }

  #put(item: T, dueMs: number, slot: number): void {
    this.#items[slot] = item;
    this.#bounds[slot] = dueMs;
    item.dueMs = dueMs;
    item.slot = slot;
  }

  /** Puts an item where nothing above it is due later, from a slot that is free or its own. */
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

  /** Puts an item where nothing below it is due earlier, from a slot that is free or its own. */
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
