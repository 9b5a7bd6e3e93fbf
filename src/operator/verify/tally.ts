/** What one journal, or one log of events, has of an expectation: counted where it is, so that only the result passes between nodes. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import { mergeByTime } from '../journal/nodes/merge.ts';
import { differences, isSelected, type Selectable, Selector } from '../selector/selector.ts';

/** What is expected; selectors that must match in order, or one. */
export const Wanted = Type.Object({
  match: Type.Optional(Selector),
  sequence: Type.Optional(Type.Array(Selector)),
});
export type Wanted = Static<typeof Wanted>;

/** One thing that can be counted. */
export interface Item {
  readonly seq: number;
  readonly atMs: number;
  readonly selectable: Selectable;
}

/** Entries that are named of all that match one selector. */
const maxNamed = 100;
/** Selectors that may match of a sequence, over all entries. */
const maxSteps = 10_000;

const Found = Type.Object({
  seq: Type.Integer(),
  atMs: Type.Number(),
  steps: Type.Array(Type.Integer(), { description: 'which selectors of the sequence match' }),
});

/** What one node found. */
export const Tally = Type.Object({
  count: Type.Integer({ description: 'entries that match; of a sequence, any of its selectors' }),
  found: Type.Array(Found),
  isCut: Type.Boolean({ description: 'entries of the sequence are left out' }),
  newest: Type.Integer(),
  droppedThrough: Type.Integer(),
});
export type Tally = Static<typeof Tally>;

/** Counts the items, of which the oldest comes first. */
export function tally(
  items: readonly Item[],
  { match = {}, sequence }: Wanted,
): Pick<Tally, 'count' | 'found' | 'isCut'> {
  if (sequence === undefined) {
    const matched = items.filter(({ selectable }) => isSelected(selectable, match));
    const found = matched.slice(0, maxNamed).map(({ seq, atMs }) => ({ seq, atMs, steps: [] }));
    return { count: matched.length, found, isCut: false };
  }
  const found: Static<typeof Found>[] = [];
  let left = maxSteps;
  for (const { seq, atMs, selectable } of items) {
    const steps = sequence.flatMap((selector, step) => (isSelected(selectable, selector) ? [step] : []));
    if (steps.length === 0) continue;
    left -= steps.length;
    if (left < 0) return { count: found.length, found, isCut: true };
    found.push({ seq, atMs, steps });
  }
  return { count: found.length, found, isCut: false };
}

export interface NodeTally extends Pick<Tally, 'count' | 'found' | 'isCut'> {
  readonly node: string | undefined;
}

export interface Joined {
  /** Entries that match the selector, or whole runs of the sequence. */
  readonly count: number;
  readonly places: readonly { readonly seq: number; readonly node: string | undefined }[];
  /** What would have come next, to compare the closest entries with. */
  readonly next: Selector;
}

/** Joins what the nodes found, in the order of wall time. */
export function join(tallies: readonly NodeTally[], { match = {}, sequence }: Wanted): Joined {
  const lists = tallies.map(({ node, found, isCut }) => ({
    items: found.map((entry) => ({ ...entry, node })),
    isCut,
  }));
  const merged = mergeByTime(lists);
  if (sequence === undefined) {
    const count = tallies.reduce((sum, each) => sum + each.count, 0);
    return { count, places: merged.slice(0, maxNamed), next: match };
  }
  const places: (typeof merged)[number][] = [];
  for (const entry of merged) if (entry.steps.includes(places.length % sequence.length)) places.push(entry);
  return {
    count: Math.floor(places.length / sequence.length),
    places: places.slice(0, maxNamed),
    next: sequence[places.length % sequence.length] ?? {},
  };
}

const Difference = Type.Object({ path: Type.String(), expected: Type.Unknown(), actual: Type.Unknown() });
/** An entry that does not match, and why. */
export const Close = Type.Object({
  seq: Type.Integer(),
  atMs: Type.Number(),
  differs: Type.Array(Difference),
});
export type Close = Static<typeof Close>;

/** Entries that a failure shows. */
export const maxClosest = 3;

/** Returns the entries that differ in the fewest members, the newest first. */
export function closestOf(items: readonly Item[], selector: Selector): Close[] {
  return items
    .toReversed()
    .map(({ seq, atMs, selectable }) => ({ seq, atMs, differs: differences(selectable, selector) }))
    .filter(({ differs }) => differs.length > 0)
    .toSorted((a, b) => a.differs.length - b.differs.length)
    .slice(0, maxClosest);
}
