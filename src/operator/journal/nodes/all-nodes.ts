/** The journals of all nodes over a shared store, read as one: each node selects and renders its own entries, and only those pass through the store. */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../../protocols/kit/validate.ts';
import { askIfPossible, type Gather, type Gathered, withoutAnswer } from '../../nodes/gather.ts';
import { Selector } from '../../selector/selector.ts';
import type { Journal } from '../journal.ts';
import { mergeByTime } from './merge.ts';
import { entriesHere, type PageHere, pageHere } from './page-here.ts';
import { formatPosition, type Position, parsePosition } from './position.ts';
import type { SharedJournal, SharedPage, SharedQuery } from './shared-journal.ts';

const Seqs = Type.Array(Type.Integer(), { maxItems: 1_000 });
const asker = Type.String();
const After = Type.Record(Type.String(), Type.Number());
const Format = Type.Union([Type.Literal('json'), Type.Literal('har'), Type.Literal('curl')]);
const Order = Type.Union([Type.Literal('oldest'), Type.Literal('newest')]);

const Question = Type.Union([
  Type.Object({
    ...{ ask: Type.Literal('page'), asker, selector: Selector, after: After },
    ...{ limit: Type.Integer({ minimum: 1, maximum: 1_000 }), order: Order, format: Format },
  }),
  Type.Object({ ask: Type.Literal('entries'), asker, seqs: Type.Record(Type.String(), Seqs) }),
  Type.Object({ ask: Type.Literal('remove'), asker, selector: Selector }),
]);
type Question = Static<typeof Question>;
const isQuestion = guard(Question);

const Entries = Type.Array(Type.Object({ seq: Type.Integer(), atMs: Type.Number(), shown: Type.Unknown() }));
const isEntries = guard(Entries);
const isPage = guard(
  Type.Object({
    entries: Entries,
    newest: Type.Integer(),
    isGap: Type.Boolean(),
    isCut: Type.Boolean(),
  }),
);
const isCount = guard(Type.Integer());

export interface AllNodesOptions {
  readonly journal: Journal;
  readonly nodeId: string;
  /** Returns a function that asks the other nodes for what `answer` returns there. */
  gather(name: string, answer: (question: unknown) => unknown): Gather;
}

/** Returns the journal of all nodes; before the nodes start. */
export function ofAllNodes({ journal, nodeId, gather }: AllNodesOptions): SharedJournal {
  const gathered = gather('journal', (question) =>
    isQuestion(question) && question.asker !== nodeId ? answer(journal, nodeId, question) : null,
  );
  const ask = (question: Question): Promise<Gathered> => askIfPossible(gathered, question);
  return {
    page: (query) => pageOf({ journal, nodeId, ask }, query),
    async entries(places) {
      const seqs: Record<string, number[]> = {};
      for (const { node = nodeId, seq } of places) seqs[node] = [...(seqs[node] ?? []), seq];
      const here = entriesHere(journal, seqs[nodeId] ?? [], { isForSelf: true });
      const isElsewhere = Object.keys(seqs).some((node) => node !== nodeId);
      const { answers } = isElsewhere ? await ask({ ask: 'entries', asker: nodeId, seqs }) : noAnswers;
      const found = new Map<string, unknown>();
      for (const { node, answer: entries } of [...answers, { node: nodeId, answer: here }])
        if (isEntries(entries))
          for (const { seq, shown } of entries) found.set(`${node}:${seq}`, named(node, shown));
      return places
        .map(({ node = nodeId, seq }) => found.get(`${node}:${seq}`))
        .filter((entry) => entry !== undefined);
    },
    async remove(selector) {
      const removed = journal.remove(selector);
      const { answers, silent } = await ask({ ask: 'remove', asker: nodeId, selector });
      const counted = answers.filter(({ answer: count }) => isCount(count));
      return {
        removed: counted.reduce((sum, { answer: count }) => sum + Number(count), removed),
        unseenNodes: [...silent, ...withoutAnswer(answers, isCount)],
      };
    },
  };
}

const noAnswers: Gathered = { answers: [], silent: [] };

function answer(journal: Journal, nodeId: string, question: Question): unknown {
  if (question.ask === 'remove') return journal.remove(question.selector);
  if (question.ask === 'entries')
    return entriesHere(journal, question.seqs[nodeId] ?? [], { isForSelf: false });
  const after = question.after[nodeId] ?? 0;
  return pageHere(journal, { ...question, after }, { isForSelf: false });
}

interface Asking {
  readonly journal: Journal;
  readonly nodeId: string;
  ask(question: Question): Promise<Gathered>;
}

async function pageOf({ journal, nodeId, ask }: Asking, query: SharedQuery): Promise<SharedPage> {
  const { after: cursor, limit, order } = query;
  const after = parsePosition(cursor);
  const own = pageHere(journal, { ...query, after: after[nodeId] ?? 0 }, { isForSelf: true });
  const { answers, silent } = await ask({ ...query, ask: 'page', asker: nodeId, after });
  const pages = new Map<string, PageHere>([[nodeId, own]]);
  for (const { node, answer: page } of answers) if (isPage(page)) pages.set(node, page);
  const lists = [...pages].map(([node, { entries, isCut }]) => ({
    items: entries.map((entry) => ({ ...entry, node })),
    isCut,
  }));
  const taken = mergeByTime(lists, order).slice(0, limit);
  const unseenNodes = [...silent, ...withoutAnswer(answers, isPage)].toSorted();
  const isGone = Object.keys(after).some((node) => !pages.has(node) && !unseenNodes.includes(node));
  return {
    shown: taken.map(({ node, shown }) => named(node, shown)),
    cursor: formatPosition(nextPosition({ after, pages, unseenNodes, taken, order })),
    gap: isGone || [...pages.values()].some(({ isGap }) => isGap),
    unseenNodes,
  };
}

interface Page {
  readonly after: Position;
  readonly pages: ReadonlyMap<string, PageHere>;
  readonly unseenNodes: readonly string[];
  readonly taken: readonly { readonly node: string; readonly seq: number }[];
  readonly order: 'oldest' | 'newest';
}

/** Returns where the next page begins; after the newest entries, the position just before the oldest of them. */
function nextPosition({ after, pages, unseenNodes, taken, order }: Page): Position {
  const next: Record<string, number> = {};
  for (const node of unseenNodes) if (after[node] !== undefined) next[node] = after[node];
  for (const [node, { entries, newest }] of pages) {
    const seqs = taken.filter((entry) => entry.node === node).map(({ seq }) => seq);
    const before = after[node] ?? 0;
    const [last, isAll] = [seqs.at(-1), entries.length === 0 || order === 'newest'];
    if (last === undefined) next[node] = isAll ? Math.max(before, newest) : before;
    else next[node] = order === 'newest' ? last - 1 : last;
  }
  return next;
}

/** Adds the node to an entry; a curl command has no place for it. */
const named = (node: string, shown: unknown): unknown =>
  typeof shown === 'object' && shown !== null ? { ...shown, ...nodeMember(node, shown) } : shown;

/** The members of HAR entries are fixed but for comments. */
const nodeMember = (node: string, shown: object): object =>
  'startedDateTime' in shown ? { comment: `node ${node}` } : { node };
