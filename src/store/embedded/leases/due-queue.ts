/**
 * Items with a deadline, in buckets of a lower bound of it. To add, remove or take one is an array operation, however many there are.
 *
 * Moving a deadline back (every renewal) leaves the buckets alone: an item whose bound comes up before its deadline is moved then.
 * Far deadlines share a bucket for `spanMs`. When a span begins, its items are moved one by one to buckets of one
 * deadline each, so that they are taken in order and nothing is ever sorted.
 */

export interface Due {
  deadlineMs: number;
  /** Lower bound of `deadlineMs`; only the queue writes it. */
  dueMs: number;
  /** Where it is in its bucket, -1 if it is in none; only the queue writes it. */
  slot: number;
}

/** Length of the span of deadlines that share a bucket until the first may be due, ms. */
const spanMs = 4_096;

/** The slot of an item in the bucket of a span; those in the bucket of one deadline are not negative. */
const slotInSpan = (index: number): number => -2 - index;
const absent = -1;

const never = Number.POSITIVE_INFINITY;

interface Span<T> {
  readonly items: T[];
  /** Lower bound of their bounds. */
  leastMs: number;
}

/** A queue of items by the lower bound of their deadlines. */
export class DueQueue<T extends Due> {
  /** By number of the span, which is later than `#opened`. */
  readonly #spans = new Map<number, Span<T>>();
  readonly #spanKeys = new KeyHeap();
  /** By bound. */
  readonly #deadlines = new Map<number, T[]>();
  readonly #deadlineKeys = new KeyHeap();
  /** The bucket of the bound to which an item was last added: many are added to the same one after the other. */
  #recentMs = never;
  #recent: T[] = [];
  /** The last span whose items were moved, or are. */
  #opened = Number.NEGATIVE_INFINITY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Lower bound of the earliest deadline, ms; Infinity if the queue is empty. */
  get earliestMs(): number {
    return Math.min(this.#firstDeadline(), this.#spans.get(this.#firstSpan())?.leastMs ?? never);
  }

  /** Returns whether `takeDue` has something to take or to move. */
  isBehind(nowMs: number): boolean {
    return this.#firstSpan() * spanMs <= nowMs || this.#firstDeadline() <= nowMs;
  }

  /** Adds the item, or updates its place after its deadline changed; only an earlier deadline moves it. */
  watch(item: T): void {
    if (item.slot !== absent) {
      if (item.deadlineMs >= item.dueMs) return;
      this.remove(item);
    }
    this.#add(item, item.deadlineMs);
  }

  /** Removes the item, if it is in the queue. */
  remove(item: T): void {
    const { slot, dueMs } = item;
    if (slot === absent) return;
    const isInSpan = slot < absent;
    const bucket = isInSpan ? this.#spans.get(spanOf(dueMs))?.items : this.#deadlines.get(dueMs);
    const last = bucket?.pop();
    if (bucket !== undefined && last !== undefined && last !== item) {
      bucket[isInSpan ? slotInSpan(slot) : slot] = last;
      last.slot = slot;
    }
    item.slot = absent;
    this.#size -= 1;
  }

  /**
   * Looks at up to `most` items with the earliest bound. Removes those that are due, which have the same deadline, and adds them to `due`. The
   * others only move: to their new place, as their deadline moved back in the meantime, or out of their span. Returns how many it looked
   * at; 0: nothing is due.
   */
  takeDue(nowMs: number, most: number, due: T[]): number {
    const span = this.#firstSpan();
    if (span * spanMs <= nowMs) {
      this.#opened = span;
      return this.#take(this.#spans.get(span)?.items ?? [], most);
    }
    const dueMs = this.#firstDeadline();
    if (dueMs > nowMs) return 0;
    return this.#take(this.#deadlines.get(dueMs) ?? [], most, { dueMs, due });
  }

  /** Takes up to `most` items out of a bucket. `head`: the bucket is that of a deadline that is due. */
  #take(bucket: T[], most: number, head?: { readonly dueMs: number; readonly due: T[] }): number {
    const taken = Math.min(most, bucket.length);
    for (let left = taken; left > 0; left -= 1) {
      const item = bucket.pop();
      if (item === undefined) break;
      this.#size -= 1;
      if (head === undefined || item.deadlineMs > head.dueMs) this.#add(item, item.deadlineMs);
      else {
        item.slot = absent;
        head.due.push(item);
      }
    }
    return taken;
  }

  #add(item: T, dueMs: number): void {
    const span = spanOf(dueMs);
    const isFar = span > this.#opened && Number.isFinite(dueMs);
    item.dueMs = dueMs;
    item.slot = isFar ? slotInSpan(this.#addToSpan(item, span, dueMs)) : this.#addToDeadline(item, dueMs);
    this.#size += 1;
  }

  #addToSpan(item: T, span: number, dueMs: number): number {
    const bucket = this.#spans.get(span);
    if (bucket === undefined) {
      this.#spans.set(span, { items: [item], leastMs: dueMs });
      this.#spanKeys.add(span);
      return 0;
    }
    if (dueMs < bucket.leastMs) bucket.leastMs = dueMs;
    return bucket.items.push(item) - 1;
  }

  #addToDeadline(item: T, dueMs: number): number {
    if (dueMs !== this.#recentMs) {
      this.#recent = this.#bucketOf(dueMs);
      this.#recentMs = dueMs;
    }
    return this.#recent.push(item) - 1;
  }

  /** Returns the bucket of a bound. */
  #bucketOf(dueMs: number): T[] {
    let bucket = this.#deadlines.get(dueMs);
    if (bucket === undefined) {
      bucket = [];
      this.#deadlines.set(dueMs, bucket);
      this.#deadlineKeys.add(dueMs);
    }
    return bucket;
  }

  #firstSpan(): number {
    for (;;) {
      const key = this.#spanKeys.first;
      if (key === never || (this.#spans.get(key)?.items.length ?? 0) > 0) return key;
      this.#spanKeys.removeFirst();
      this.#spans.delete(key);
    }
  }

  #firstDeadline(): number {
    for (;;) {
      const key = this.#deadlineKeys.first;
      if (key === never || (this.#deadlines.get(key)?.length ?? 0) > 0) return key;
      this.#deadlineKeys.removeFirst();
      this.#deadlines.delete(key);
      this.#recentMs = never;
      this.#recent = [];
    }
  }
}

const spanOf = (dueMs: number): number => Math.floor(dueMs / spanMs);

/** A binary heap of numbers. */
class KeyHeap {
  readonly #keys: number[] = [];

  /** The least key; Infinity if there is none. */
  get first(): number {
    return this.#keys[0] ?? never;
  }

  add(key: number): void {
    const keys = this.#keys;
    let at = keys.push(key) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = keys[above] ?? key;
      if (parent <= key) break;
      keys[at] = parent;
      at = above;
    }
    keys[at] = key;
  }

  removeFirst(): void {
    const keys = this.#keys;
    const last = keys.pop();
    if (last === undefined || keys.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if ((keys[child + 1] ?? never) < (keys[child] ?? never)) child += 1;
      const least = keys[child];
      if (least === undefined || least >= last) break;
      keys[at] = least;
      at = child;
    }
    keys[at] = last;
  }
}
