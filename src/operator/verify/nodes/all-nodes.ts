/**
 * Assertions on the requests of all nodes over a shared store: each node counts its own and compares them, and only the results pass
 * through the store. A node whose count changes says so in a topic, on which the asker waits.
 */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../../protocols/kit/validate.ts';
import type { Store } from '../../../store/store.ts';
import { formatPosition, type Position, parsePosition } from '../../journal/nodes/position.ts';
import type { SharedJournal } from '../../journal/nodes/shared-journal.ts';
import { jsonOfEntry } from '../../nodes/entry-json.ts';
import { askIfPossible, type Gather, type Gathered, withoutAnswer } from '../../nodes/gather.ts';
import { Selector } from '../../selector/selector.ts';
import { type Cursor, firstOf, type Kept, type Look, type Source } from '../source.ts';
import { Close, closestOf, join, type NodeTally, Tally, Wanted } from '../tally.ts';
import { makeWatches, type Watches } from './watches.ts';

const asker = Type.String();
const After = Type.Record(Type.String(), Type.Number());
const Question = Type.Union([
  Type.Object({ ask: Type.Literal('count'), asker, watch: Type.String(), wanted: Wanted, after: After }),
  Type.Object({ ask: Type.Literal('closest'), asker, selector: Selector, after: After }),
]);
type Question = Static<typeof Question>;
const isQuestion = guard(Question);
const isTally = guard(Tally);
const isClosest = guard(Type.Array(Close));
const isChange = guard(Type.Object({ watch: Type.String() }));

const changesTopic = 'journal-counts';
const keptChanges = 200;
const changesIdleMs = 600_000;
/** Interval at which nodes are asked again whatever they say, ms: a node may have come, and notes may be lost. */
const askEveryMs = 5_000;
/** Of a value in a difference, characters of JSON. */
const maxValue = 1_024;

export interface AllNodesOptions {
  readonly store: Pick<Store, 'commit' | 'now' | 'readTopics' | 'wait'>;
  /** In which nodes exchange what they share. */
  readonly tenant: string;
  readonly nodeId: string;
  readonly kept: Kept;
  readonly journal: SharedJournal;
  gather(name: string, answer: (question: unknown) => unknown): Gather;
  monotonicMs(): number;
  /** Distinguishes assertions. */
  nextId(): string;
}

export interface VerifyNodes {
  /** Opens a source for one assertion. Throws OperatorRefusal for a cursor of something else. */
  open(wanted: Wanted, cursor: Cursor): Source;
  /** Forgets who waits. */
  close(): void;
}

/** Makes assertions on all nodes possible; before the nodes start. */
export function verifyNodes(options: AllNodesOptions): VerifyNodes {
  const { store, tenant, nodeId, kept, gather, monotonicMs } = options;
  const watches = makeWatches(kept, monotonicMs);
  const note = (watch: string): void => {
    const payload = Buffer.from(JSON.stringify({ watch }));
    const append = { topic: changesTopic, payload, keepEntries: keptChanges, idleMs: changesIdleMs };
    // Without the note the asker looks again some seconds later.
    void store.commit({ tenant, appends: [append] }).catch(() => undefined);
  };
  const ask = gather('verify', (question) => {
    if (!isQuestion(question) || question.asker === nodeId) return null;
    const after = question.after[nodeId] ?? 0;
    if (question.ask === 'closest') return closestOf(kept.items(after), question.selector).map(shortened);
    const { watch, wanted } = question;
    return watches.look(watch, { wanted, after, onChange: () => note(watch) });
  });
  return {
    open: (wanted, cursor) => openSource({ ...options, watches, ask }, wanted, parsePosition(cursor)),
    close: () => watches.end(),
  };
}

/** Returns an entry without long values, which pass through the store. */
const shortened = ({ differs, ...entry }: Close): Close => ({
  ...entry,
  differs: differs.map(({ actual, ...difference }) => {
    const text = JSON.stringify(actual) ?? '';
    return { ...difference, actual: text.length <= maxValue ? actual : `${text.slice(0, maxValue)}…` };
  }),
});

interface Opening extends AllNodesOptions {
  readonly watches: Watches;
  readonly ask: Gather;
}

function openSource(options: Opening, wanted: Wanted, after: Position): Source {
  const { nodeId, kept, journal, watches } = options;
  const watch = options.nextId();
  const changes = followChanges(options, watch);
  /** Nodes that did not answer once: they are not asked again. */
  const silent = new Set<string>();
  /** Nodes whose requests belong to the answer, also if they go. */
  const known = new Set(Object.keys(after));

  const ask = async (question: Question): Promise<Gathered['answers']> => {
    const gathered = await askIfPossible(options.ask, question, silent);
    for (const node of gathered.silent) silent.add(node);
    return gathered.answers;
  };
  return {
    async look() {
      await changes.begin();
      const own = watches.look(watch, { wanted, after: after[nodeId] ?? 0, onChange: changes.wake });
      const answers = await ask({ ask: 'count', asker: nodeId, watch, wanted, after });
      const tallies: (NodeTally & Tally)[] = [{ ...own, node: nodeId }];
      for (const { node, answer } of answers) if (isTally(answer)) tallies.push({ ...answer, node });
      return lookOf({ tallies, known, after, wanted }, [...silent, ...withoutAnswer(answers, isTally)]);
    },
    render: async (places) => (await journal.entries(places)) as readonly Record<string, unknown>[],
    async closest(selector) {
      const own = closestOf(kept.items(after[nodeId] ?? 0), selector);
      const answers = await ask({ ask: 'closest', asker: nodeId, selector, after });
      return [{ node: nodeId, answer: own }, ...answers]
        .flatMap(({ node, answer }) => (isClosest(answer) ? answer.map((entry) => ({ ...entry, node })) : []))
        .toSorted((a, b) => a.differs.length - b.differs.length || b.atMs - a.atMs);
    },
    change: (timeoutMs) => changes.wait(Math.min(timeoutMs, askEveryMs)),
    close() {
      changes.close();
      watches.end(watch);
    },
  };
}

interface Counted {
  readonly tallies: readonly (NodeTally & Tally)[];
  readonly known: Set<string>;
  readonly after: Position;
  readonly wanted: Wanted;
}

function lookOf({ tallies, known, after, wanted }: Counted, notSeen: readonly string[]): Look {
  const seen = new Map(tallies.map((each) => [each.node ?? '', each]));
  for (const node of seen.keys()) known.add(node);
  const gone = [...known].filter((node) => !seen.has(node));
  const unseenNodes = [...new Set([...notSeen, ...gone])].toSorted();
  const unseenAfter = unseenNodes.flatMap((node) => {
    const { [node]: seq } = after;
    return seq === undefined ? [] : [[node, seq] as const];
  });
  const newest = [...seen].map(([node, each]) => [node, each.newest] as const);
  return {
    ...join(tallies, wanted),
    cursor: formatPosition(Object.fromEntries([...unseenAfter, ...newest])),
    isDropped: [...seen].some(
      ([node, { droppedThrough, isCut }]) => isCut || (after[node] ?? 0) < droppedThrough,
    ),
    unseenNodes,
  };
}

interface Changes {
  /** What comes from here on ends the next wait. */
  begin(): Promise<void>;
  wake(): void;
  wait(timeoutMs: number): Promise<void>;
  close(): void;
}

/** Follows what nodes say of one watch, while an assertion waits. */
function followChanges({ store, tenant }: Opening, watch: string): Changes {
  const end = new AbortController();
  let wake = Promise.withResolvers<void>();
  let cursor: bigint | undefined;

  /** Resolves once a node said that its count changed, or after so long. */
  const noted = async (from: bigint, timeoutMs: number, signal: AbortSignal): Promise<void> => {
    const endMs = performance.now() + timeoutMs;
    let after = from;
    while (!signal.aborted && performance.now() < endMs) {
      const topics = [{ topic: changesTopic, after }];
      if (!(await store.wait({ tenant, topics, timeoutMs: endMs - performance.now(), signal }))) return;
      const entries = await store.readTopics({ tenant, topics, limit: keptChanges });
      after = entries.at(-1)?.position ?? after;
      const notes = entries.map(jsonOfEntry).filter(isChange);
      if (notes.some((note) => note.watch === watch)) return;
    }
  };
  return {
    async begin() {
      wake = Promise.withResolvers<void>();
      cursor = await store.now({ tenant }).then(
        ({ timetoken }) => timetoken,
        () => undefined,
      );
    },
    wake: () => wake.resolve(),
    async wait(timeoutMs) {
      const waiting = new AbortController();
      const signal = AbortSignal.any([waiting.signal, end.signal]);
      // While the store is away only this node's requests are seen.
      if (cursor !== undefined) void noted(cursor, timeoutMs, signal).then(wake.resolve, () => undefined);
      await firstOf(wake.promise, timeoutMs);
      waiting.abort();
    },
    close: () => end.abort(),
  };
}
