/**
 * The other nodes over the same store during an advance: at a stop at which something can happen there, they make the beats of their actors
 * that are due, react, and tell when they do something next. Each question passes through the store, so that a stop which concerns no
 * other node asks none, and a node that was silent once is not asked again.
 */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../protocols/kit/validate.ts';
import type { ClockScope } from '../../store/store.ts';
import type { Actors } from '../actors/actors.ts';
import type { Events } from '../events/events.ts';
import { isEventSelected } from '../events/select-events.ts';
import type { Gather } from '../nodes/gather.ts';
import { Selector } from '../selector/selector.ts';
import { makeReactions, type ReactionsOptions } from './reactions.ts';

const Question = Type.Object({
  asker: Type.String(),
  scope: Type.Union([Type.Object({ tenant: Type.String() }), Type.Object({ partition: Type.Integer() })]),
  until: Type.Optional(Selector),
  after: Type.Record(Type.String(), Type.Number(), {
    description: 'by node the newest event that was compared with `until`; absent: none is yet',
  }),
});
type Question = Static<typeof Question>;
const isQuestion = guard(Question);

const Answer = Type.Object({
  untilMs: Type.Union([Type.Number(), Type.Null()], {
    description: 'until the node does something by itself',
  }),
  isActive: Type.Boolean({ description: 'what happens on other nodes may concern it' }),
  isFound: Type.Boolean({ description: 'an event matched `until`' }),
  newest: Type.Number(),
  isLate: Type.Boolean(),
});
type Answer = Static<typeof Answer>;
const isAnswer = guard(Answer);

/** Minimum pause between two questions whose only purpose is to find the event of `until`, ms. */
const lookEveryMs = 100;

export interface OtherNodesOptions extends ReactionsOptions {
  monotonicMs(): number;
  readonly events: Pick<Events, 'newest' | 'read'>;
  readonly actors?: Pick<Actors, 'beating'> | undefined;
  /** Absent: there are no other nodes. */
  readonly nodes?: NodesOfAdvance | undefined;
}

export interface NodesOfAdvance {
  readonly nodeId: string;
  gather(name: string, answer: (question: unknown) => unknown): Gather;
}

/** The other nodes during the advance of one clock. */
export interface OtherNodes {
  /** The ms until another node does something by itself; Infinity if none will. */
  untilNextMs(elapsedMs: number): number;
  /** Whether other nodes have to be asked before time goes on. */
  isNeeded(stop: { readonly elapsedMs: number; readonly isChanged: boolean }): boolean;
  /** Has other nodes react to the present time. Resolves to whether there are any. */
  settle(elapsedMs: number): Promise<boolean>;
  readonly isLate: boolean;
}

/** The other nodes during a request that advances clocks. */
export interface AskedNodes {
  /** Whether another node has an event at which the request ends. */
  readonly isFound: boolean;
  during(scope: ClockScope): OtherNodes;
}

/** Returns a function that begins a request that advances clocks; it is to be called before the node starts. */
export function makeOtherNodes(options: OtherNodesOptions): (until: Selector | undefined) => AskedNodes {
  const { nodes } = options;
  if (nodes === undefined) return () => ({ isFound: false, during: () => noNodes });
  const { nodeId } = nodes;
  const gather = nodes.gather('advance', (question) =>
    isQuestion(question) && question.asker !== nodeId ? answer(options, nodeId, question) : null,
  );
  return (until) => askNodes({ ...options, nodeId, gather, until });
}

const noNodes: OtherNodes = {
  untilNextMs: () => Number.POSITIVE_INFINITY,
  isNeeded: () => false,
  settle: async () => false,
  isLate: false,
};

/** Does on this node what a stop of another's advance asks for. */
async function answer(
  options: OtherNodesOptions,
  nodeId: string,
  { scope, until, after }: Question,
): Promise<Answer> {
  const { store, events, actors } = options;
  const cursor = after[nodeId] ?? events.newest;
  const reactions = makeReactions(options, scope);
  const beating = actors?.beating(scope);
  await beating?.beat(0);
  await reactions.settle();
  const clock = await store.readClock(reactions.tenant);
  const untilMs = Math.min(reactions.untilNextMs(clock), beating?.nextMs ?? Number.POSITIVE_INFINITY);
  const isBeating = beating !== undefined && beating.nextMs !== Number.POSITIVE_INFINITY;
  return {
    untilMs: untilMs === Number.POSITIVE_INFINITY ? null : untilMs,
    isActive: isBeating || reactions.isActive,
    ...{ isFound: hasEvent(events, cursor, until), newest: events.newest, isLate: reactions.isLate },
  };
}

function hasEvent(events: Pick<Events, 'newest' | 'read'>, after: number, until?: Selector): boolean {
  if (until === undefined) return false;
  return events.read(after, events.newest - after).some((event) => isEventSelected(event, until));
}

interface AskOptions extends OtherNodesOptions {
  readonly nodeId: string;
  readonly gather: Gather;
  readonly until: Selector | undefined;
}

function askNodes({ nodeId, gather, until, monotonicMs }: AskOptions): AskedNodes {
  /** Nodes that did not answer once. */
  const silent = new Set<string>();
  const after: Record<string, number> = {};
  let isFound = false;
  return {
    get isFound() {
      return isFound;
    },
    during(scope) {
      let nextMs = Number.POSITIVE_INFINITY;
      let isActive = false;
      let isLate = false;
      let hasNodes = true;
      let askedMs = 0;
      return {
        untilNextMs: (elapsedMs) => (nextMs > elapsedMs ? nextMs - elapsedMs : Number.POSITIVE_INFINITY),
        isNeeded({ elapsedMs, isChanged }) {
          if (!hasNodes) return false;
          if (nextMs <= elapsedMs || (isActive && isChanged)) return true;
          return until !== undefined && monotonicMs() - askedMs >= lookEveryMs;
        },
        async settle(elapsedMs) {
          if (!hasNodes) return false;
          const question: Question = {
            asker: nodeId,
            scope,
            after,
            ...(until === undefined ? {} : { until }),
          };
          const gathered = await gather(question, silent);
          askedMs = monotonicMs();
          for (const node of gathered.silent) silent.add(node);
          const answers = gathered.answers.filter(({ answer: given }) => isAnswer(given)) as readonly {
            readonly node: string;
            readonly answer: Answer;
          }[];
          hasNodes = answers.length > 0;
          isActive = answers.some(({ answer: given }) => given.isActive);
          isLate ||= gathered.silent.length > 0 || answers.some(({ answer: given }) => given.isLate);
          nextMs = Number.POSITIVE_INFINITY;
          for (const { node, answer: given } of answers) {
            after[node] = given.newest;
            isFound ||= given.isFound;
            if (given.untilMs !== null) nextMs = Math.min(nextMs, elapsedMs + given.untilMs);
          }
          return hasNodes;
        },
        get isLate() {
          return isLate;
        },
      };
    },
  };
}
