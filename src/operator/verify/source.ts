/** What assertions are made on: requests of the journal, or events. */
import type { EventLog, OperatorEvent } from '../events/events.ts';
import type { Journal } from '../journal/journal.ts';
import { selectableOf } from '../journal/read-entry.ts';
import { renderEntry } from '../journal/render.ts';
import type { Selectable } from '../selector/selector.ts';

/** One thing that can be counted. */
export interface Item {
  readonly seq: number;
  readonly selectable: Selectable;
  render(): Record<string, unknown>;
}

export interface Source {
  readonly newest: number;
  readonly droppedThrough: number;
  /** Other nodes, whose items are not among these. */
  readonly unseenNodes: readonly string[];
  /** Oldest first. */
  items(after: number): readonly Item[];
  onChange(listener: () => void): () => void;
}

/** Requests with their replies, of this node. `unseenNodes`: those that serve requests beside it. */
export function journalSource(journal: Journal, unseenNodes: readonly string[]): Source {
  return {
    unseenNodes,
    get newest() {
      return journal.newest;
    },
    get droppedThrough() {
      return journal.droppedThrough;
    },
    items: (after) =>
      journal.read({ selector: {}, after, limit: Number.MAX_SAFE_INTEGER }).entries.map((entry) => ({
        seq: entry.seq,
        selectable: selectableOf(entry, journal.reader),
        render: () => renderEntry(entry, journal.reader),
      })),
    onChange: (listener) => journal.onChange(listener),
  };
}

/** Events of leases, requests, faults and the clock. */
export function eventSource(events: EventLog): Source {
  return {
    unseenNodes: [],
    get newest() {
      return events.newest;
    },
    get droppedThrough() {
      return events.missingThrough;
    },
    items: (after) =>
      events.read(after, Number.MAX_SAFE_INTEGER).map((event) => ({
        seq: event.seq,
        selectable: event satisfies OperatorEvent,
        render: () => ({ ...event }),
      })),
    onChange: (listener) => events.onAppend(listener),
  };
}
