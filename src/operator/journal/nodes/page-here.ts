/** What one node has of a page of all journals: bounded, as it passes through the store. */
import type { Selector } from '../../selector/selector.ts';
import type { Entry } from '../entry.ts';
import type { Journal } from '../journal.ts';
import { type EntryFormat, renderAs } from '../render.ts';

/** Of what a node sends for one question, characters of JSON. */
const maxAnswer = 96 * 1_024;
/** A larger entry is sent without bodies, characters of JSON. */
const maxEntry = 24 * 1_024;

export interface PageQuestion {
  readonly selector: Selector;
  readonly after: number;
  readonly limit: number;
  readonly order: 'oldest' | 'newest';
  readonly format: EntryFormat;
}

export interface ShownEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly shown: unknown;
}

export interface PageHere {
  readonly entries: readonly ShownEntry[];
  readonly newest: number;
  readonly isGap: boolean;
  /** Whether more entries match than fit. */
  readonly isCut: boolean;
}

/** Returns what this node has of a page. `isForSelf`: nothing is left out for its size. */
export function pageHere(
  journal: Journal,
  { selector, after, limit, order, format }: PageQuestion,
  { isForSelf }: { readonly isForSelf: boolean },
): PageHere {
  const { entries, gap } = journal.read({ selector, after, limit, order });
  const shown = isForSelf
    ? entries.map((entry) => showHere(journal, entry, format))
    : fitting(entries, (entry) => showSmall(journal, entry, format));
  return { entries: shown, newest: journal.newest, isGap: gap, isCut: shown.length < entries.length };
}

/** Returns the entries of these sequence numbers that are still kept, as far as they fit. */
export function entriesHere(
  journal: Journal,
  seqs: readonly number[],
  { isForSelf }: { readonly isForSelf: boolean },
): ShownEntry[] {
  const entries = seqs.map((seq) => journal.get(seq)).filter((entry) => entry !== undefined);
  return isForSelf
    ? entries.map((entry) => showHere(journal, entry, 'json'))
    : fitting(entries, (entry) => showSmall(journal, entry, 'json'));
}

function fitting(entries: readonly Entry[], show: (entry: Entry) => ShownEntry): ShownEntry[] {
  const shown: ShownEntry[] = [];
  let size = 0;
  for (const entry of entries) {
    const next = show(entry);
    size += JSON.stringify(next).length;
    if (shown.length > 0 && size > maxAnswer) break;
    shown.push(next);
  }
  return shown;
}

const showHere = ({ reader }: Journal, entry: Entry, format: EntryFormat): ShownEntry => ({
  ...{ seq: entry.seq, atMs: entry.atMs },
  shown: renderAs(format, entry, reader),
});

/** Shows an entry, without its bodies if it is large. */
function showSmall(journal: Journal, entry: Entry, format: EntryFormat): ShownEntry {
  const whole = showHere(journal, entry, format);
  return JSON.stringify(whole.shown).length <= maxEntry
    ? whole
    : showHere(journal, withoutBodies(entry), format);
}

function withoutBodies(entry: Entry): Entry {
  const { request, reply, notes = [] } = entry;
  const sizes = `${request.body?.byteLength ?? 0} and ${reply?.body.length ?? 0}`;
  const note = `The bodies of request and reply (${sizes} bytes) are too large to be read through another node; ask the node itself.`;
  return {
    ...entry,
    request: { ...request, body: undefined },
    reply: reply === undefined ? undefined : { ...reply, body: '' },
    notes: [...notes, note],
  };
}
