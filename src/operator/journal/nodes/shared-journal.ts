/** The journal as its readers see it: that of this process, or over a shared store those of all nodes. */
import type { Selector } from '../../selector/selector.ts';
import type { Journal } from '../journal.ts';
import type { EntryFormat } from '../render.ts';
import { entriesHere, pageHere } from './page-here.ts';
import { numberCursor } from './position.ts';

/** Names an entry. */
export interface Place {
  readonly seq: number;
  /** Absent: this node. */
  readonly node?: string | undefined;
}

export interface SharedQuery {
  readonly selector: Selector;
  readonly after: number | string;
  readonly limit: number;
  readonly order: 'oldest' | 'newest';
  readonly format: EntryFormat;
}

export interface SharedPage {
  readonly shown: readonly unknown[];
  readonly cursor: number | string;
  readonly gap: boolean;
  /** Nodes whose entries are not among these. */
  readonly unseenNodes: readonly string[];
}

export interface SharedJournal {
  page(query: SharedQuery): Promise<SharedPage>;
  /** Resolves to the entries that are still kept. */
  entries(places: readonly Place[]): Promise<readonly unknown[]>;
  remove(selector: Selector): Promise<{ removed: number; unseenNodes: readonly string[] }>;
}

/** Returns the journal of this process alone. */
export function onlyHere(journal: Journal): SharedJournal {
  return {
    async page({ after: cursor, ...query }) {
      const after = numberCursor(cursor);
      const { entries, newest, isGap } = pageHere(journal, { ...query, after }, { isForSelf: true });
      return {
        shown: entries.map(({ shown }) => shown),
        cursor: entries.at(-1)?.seq ?? Math.max(after, newest),
        gap: isGap,
        unseenNodes: [],
      };
    },
    async entries(places) {
      const seqs = places.map(({ seq }) => seq);
      return entriesHere(journal, seqs, { isForSelf: true }).map(({ shown }) => shown);
    },
    remove: async (selector) => ({ removed: journal.remove(selector), unseenNodes: [] }),
  };
}
