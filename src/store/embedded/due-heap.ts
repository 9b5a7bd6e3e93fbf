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

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Infinity if nothing waits. */
  get earliestMs(): number {
    return this.#items[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the item in, or notices that its deadline moved; only one that moved forward costs anything. */
  watch(item: T): void {
    if (item.slot === -1) {
      item.dueMs = item.deadlineMs;
      item.slot = this.#items.push(item) - 1;
      this.#up(item);
    } else if (item.deadlineMs < item.dueMs) {
      item.dueMs = item.deadlineMs;
      this.#up(item);
    }
  }

  forget(item: T): void {
    const last = this.#items.at(-1);
    if (item.slot === -1 || last === undefined) return;
    this.#items.pop();
    if (last !== item) {
      this.#put(last, item.slot);
      this.#up(last);
      this.#down(last);
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
      item.dueMs = item.deadlineMs;
      this.#down(item);
    }
    return undefined;
  }

  #put(item: T, slot: number): void {
    this.#items[slot] = item;
    item.slot = slot;
  }

  #up(item: T): void {
    while (item.slot > 0) {
      const slot = item.slot;
      const parent = this.#items[(slot - 1) >> 1];
      if (parent === undefined || parent.dueMs <= item.dueMs) return;
      this.#put(item, parent.slot);
      this.#put(parent, slot);
    }
  }

  #down(item: T): void {
    for (;;) {
      const slot = item.slot;
      let child = this.#items[2 * slot + 1];
      const right = this.#items[2 * slot + 2];
      if (child !== undefined && right !== undefined && right.dueMs < child.dueMs) child = right;
      if (child === undefined || child.dueMs >= item.dueMs) return;
      this.#put(item, child.slot);
      this.#put(child, slot);
    }
  }
}
