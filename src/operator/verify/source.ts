/** What assertions are made on: requests of the journal, or events. */
import type { EventLog } from '../events/events.ts';
import { selectableEvent } from '../events/select-events.ts';
import type { Journal } from '../journal/journal.ts';
import { numberCursor } from '../journal/nodes/position.ts';
import { selectableOf } from '../journal/read-entry.ts';
import { renderEntry } from '../journal/render.ts';
import type { Selector } from '../selector/selector.ts';
import { type Close, closestOf, type Item, type Joined, join, tally, type Wanted } from './tally.ts';

export type Cursor = number | string;

/** What was found at one moment. */
export interface Look extends Joined {
  /** For `after` of a later assertion. */
  readonly cursor: Cursor;
  /** Whether entries that may count were dropped. */
  readonly isDropped: boolean;
  /** Nodes whose entries were not looked at. */
  readonly unseenNodes: readonly string[];
}

/** An entry of a failure's message. */
export interface Closest extends Pick<Close, 'seq' | 'differs'> {
  readonly node?: string | undefined;
}

/** What one assertion is made on. */
export interface Source {
  look(): Promise<Look>;
  render(places: Joined['places']): Promise<readonly Record<string, unknown>[]>;
  closest(selector: Selector): Promise<readonly Closest[]>;
  /** Resolves when there may be something new since the last look began, or after so long. */
  change(timeoutMs: number): Promise<void>;
  close(): void;
}

/** Where entries are, in the order of sequence numbers. */
export interface Kept {
  readonly newest: number;
  readonly droppedThrough: number;
  /** Oldest first. */
  items(after: number): readonly Item[];
  render(seq: number): Record<string, unknown> | undefined;
  onChange(listener: () => void): () => void;
}

/** Returns the requests of a journal. */
export function keptRequests(journal: Journal): Kept {
  return {
    get newest() {
      return journal.newest;
    },
    get droppedThrough() {
      return journal.droppedThrough;
    },
    items: (after) =>
      journal.read({ selector: {}, after, limit: Number.MAX_SAFE_INTEGER }).entries.map((entry) => ({
        ...{ seq: entry.seq, atMs: entry.atMs },
        selectable: selectableOf(entry, journal.reader),
      })),
    render(seq) {
      const entry = journal.get(seq);
      return entry === undefined ? undefined : renderEntry(entry, journal.reader);
    },
    onChange: (listener) => journal.onChange(listener),
  };
}

/** Returns events of leases, requests, faults and the clock. */
export function keptEvents(events: EventLog): Kept {
  return {
    get newest() {
      return events.newest;
    },
    get droppedThrough() {
      return events.missingThrough;
    },
    items: (after) =>
      events.read(after, Number.MAX_SAFE_INTEGER).map((event) => ({
        ...{ seq: event.seq, atMs: 0 },
        selectable: selectableEvent(event),
      })),
    render(seq) {
      const [event] = events.read(seq - 1, 1);
      return event?.seq === seq ? { ...event } : undefined;
    },
    onChange: (listener) => events.onAppend(listener),
  };
}

/** Makes a source of what is kept in this process. Throws OperatorRefusal for a cursor of something else. */
export function sourceHere(kept: Kept, wanted: Wanted, cursor: Cursor): Source {
  const after = numberCursor(cursor);
  let wake = Promise.withResolvers<void>();
  const stop = kept.onChange(() => wake.resolve());
  return {
    async look() {
      wake = Promise.withResolvers<void>();
      const found = { node: undefined, ...tally(kept.items(after), wanted) };
      return {
        ...join([found], wanted),
        ...{ cursor: kept.newest, isDropped: after < kept.droppedThrough || found.isCut, unseenNodes: [] },
      };
    },
    render: async (places) =>
      places.map(({ seq }) => kept.render(seq)).filter((shown) => shown !== undefined),
    closest: async (selector) =>
      closestOf(kept.items(after), selector).map(({ seq, differs }) => ({ seq, differs })),
    change: (timeoutMs) => firstOf(wake.promise, timeoutMs),
    close: stop,
  };
}

/** Resolves with a promise, or after so long. */
export function firstOf(wake: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  void wake.then(resolve);
  return promise.finally(() => clearTimeout(timer));
}
