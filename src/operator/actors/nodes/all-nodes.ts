/** The actors of all nodes over a shared store, reached through any of them: each stays on the node that started it. */
import { type Static, Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../../protocols/kit/operator/refusal.ts';
import { guard } from '../../../protocols/kit/validate.ts';
import type { Claims } from '../../nodes/claims.ts';
import { askIfPossible, type Gather, type Gathered, withoutAnswer } from '../../nodes/gather.ts';
import {
  type ActorChange,
  ActorDetails,
  ActorView,
  actorChangeSchema,
  fieldsOf,
  type NewActor,
} from '../actor.ts';
import type { Actors, Ending } from '../actors.ts';
import { detailsThatFit } from './fitting.ts';
import {
  type ActorQuery,
  ListAnswer,
  type ListPage,
  listHere,
  mergeLists,
  placeIn,
  Question,
} from './list.ts';

/** Of a change that is passed to another node, characters of JSON. */
const maxChange = 96 * 1_024;

export interface ActorPage extends ListPage {
  /** Nodes whose actors are missing. */
  readonly unseenNodes: readonly string[];
}

/** The actors of all nodes; without other nodes, those of this process. */
export interface SharedActors {
  /** Starts an actor on this node; resolves after its first beats. Rejects with OperatorRefusal. */
  start(wanted: NewActor): Promise<ActorDetails>;
  list(query: ActorQuery): Promise<ActorPage>;
  /** Rejects with OperatorRefusal: 404 for an unknown id, 503 if the node of the actor does not answer. */
  get(id: string): Promise<ActorDetails>;
  /** Rejects as `get` does, and for a change that is refused. */
  change(id: string, change: ActorChange): Promise<ActorDetails>;
  /** Rejects as `get` does. */
  end(id: string, as: Ending): Promise<ActorView>;
  /** Ends the actors of a tenant, or all. Resolves to how many those were, and the nodes that did not answer. */
  endAll(as: Ending, tenant?: string): Promise<{ count: number; unseenNodes: readonly string[] }>;
}

export interface AllNodesOptions {
  readonly actors: Actors;
  readonly nodeId: string;
  /** Whether there can be other nodes: actors then name theirs. */
  readonly isShared: boolean;
  readonly claims: Pick<Claims, 'holder'>;
  /** Resolves to the nodes that live. */
  liveNodes(): Promise<readonly string[]>;
  /** Returns a function that asks the other nodes for what `answer` returns there. */
  gather(name: string, answer: (question: unknown) => unknown): Gather;
}

const endingOf = Type.Union([Type.Literal('left'), Type.Literal('crashed')]);
const Refused = Type.Object({ refused: Type.Integer({ minimum: 400, maximum: 499 }), error: Type.String() });
const isRefused = guard(Refused);
const isList = guard(ListAnswer);
const isCount = guard(Type.Integer());
const isDetails = guard(ActorDetails);
const isView = guard(ActorView);

/** Returns the schema of the questions about one actor, to its node, and of the one that ends many. */
const orderSchema = (change: ReturnType<typeof actorChangeSchema>) => {
  const one = { asker: Type.String(), node: Type.String(), id: Type.String() };
  return Type.Union([
    Type.Object({ ask: Type.Literal('read'), ...one }),
    Type.Object({ ask: Type.Literal('change'), ...one, change }),
    Type.Object({ ask: Type.Literal('end'), ...one, as: endingOf }),
    Type.Object({
      ...{ ask: Type.Literal('endAll'), asker: one.asker, as: endingOf },
      tenant: Type.Optional(Type.String()),
    }),
  ]);
};
type Order = Static<ReturnType<typeof orderSchema>>;
/** A question about one actor, before its node is known. */
type Wish =
  | { readonly ask: 'read' }
  | { readonly ask: 'change'; readonly change: ActorChange }
  | { readonly ask: 'end'; readonly as: Ending };

/** Returns the actors of all nodes; before the nodes start. */
export function ofAllNodes(options: AllNodesOptions): SharedActors {
  const { actors, nodeId, isShared, claims } = options;
  const isOrder = guard(orderSchema(actorChangeSchema(fieldsOf(actors.kits))));
  const isQuestion = guard(Question);
  const ask = options.gather('shared-actors', (question) => {
    if (isQuestion(question)) return question.asker === nodeId ? null : listHere(actors, nodeId, question);
    if (!isOrder(question) || question.asker === nodeId) return null;
    if (question.ask !== 'endAll' && question.node !== nodeId) return null;
    return refusalOf(() => follow(actors, question));
  });
  const named = <View extends ActorView>(view: View, node = nodeId): View =>
    isShared ? { ...view, node } : view;

  /** Passes a wish to the node that has the actor. */
  const passOn = async <Answer extends ActorView>(
    id: string,
    wish: Wish,
    isExpected: (answer: unknown) => answer is Answer,
  ): Promise<Answer> => {
    const node = await claims.holder(id);
    if (node === undefined || node === nodeId) throw new OperatorRefusal(404, `no actor ${id}`);
    if (JSON.stringify(wish).length > maxChange)
      throw new OperatorRefusal(413, `too large to be passed to node ${node}, which has the actor ${id}`);
    const others = (await options.liveNodes()).filter((each) => each !== node);
    const { answers } = await ask({ ...wish, asker: nodeId, node, id }, new Set(others));
    const answer = answers.find((each) => each.node === node)?.answer;
    if (isRefused(answer)) throw new OperatorRefusal(answer.refused, answer.error);
    if (isExpected(answer)) return named(answer, node);
    const effect = wish.ask === 'read' ? '' : '; it may still do what was asked';
    throw new OperatorRefusal(
      503,
      `node ${node}, which has the actor ${id}, did not answer in time${effect}`,
    );
  };
  return {
    start: async (wanted) => named(await actors.start(wanted)),
    async list(query) {
      const { after: cursor, ...wanted } = query;
      const after = placeIn(cursor);
      const page = after === undefined ? wanted : { ...wanted, after };
      const own = listHere(actors, nodeId, { ...page, isForSelf: true });
      const gathered = await askIfPossible(ask, { ...page, ask: 'list', asker: nodeId });
      const lists = gathered.answers.flatMap(({ node, answer }) =>
        isList(answer) ? [{ node, ...answer }] : [],
      );
      const { actors: listed, next } = mergeLists([{ node: nodeId, ...own }, ...lists], wanted);
      const views = isShared ? listed : listed.map(({ node: _, ...view }) => view);
      return { actors: views, next, unseenNodes: unseenOf(gathered, isList) };
    },
    get: async (id) => (actors.isHere(id) ? named(actors.get(id)) : passOn(id, { ask: 'read' }, isDetails)),
    change: async (id, change) =>
      actors.isHere(id)
        ? named(await actors.change(id, change))
        : passOn(id, { ask: 'change', change }, isDetails),
    end: async (id, as) =>
      actors.isHere(id) ? named(await actors.end(id, as)) : passOn(id, { ask: 'end', as }, isView),
    async endAll(as, tenant) {
      const [own, gathered] = await Promise.all([
        actors.endAll(as, tenant),
        askIfPossible(ask, { ask: 'endAll', asker: nodeId, as, tenant }),
      ]);
      const counts = gathered.answers.map(({ answer }) => answer).filter(isCount);
      return {
        count: counts.reduce((sum, count) => sum + count, own),
        unseenNodes: unseenOf(gathered, isCount),
      };
    },
  };
}

/** Does what another node asks for. */
async function follow(actors: Actors, order: Order): Promise<unknown> {
  switch (order.ask) {
    case 'read':
      return detailsThatFit(actors.get(order.id));
    case 'change':
      return detailsThatFit(await actors.change(order.id, order.change));
    case 'end':
      return actors.end(order.id, order.as);
    case 'endAll':
      return actors.endAll(order.as, order.tenant);
  }
}

/** Resolves to an answer, or to the refusal that it rejected with, as JSON. */
async function refusalOf(answer: () => Promise<unknown>): Promise<unknown> {
  try {
    return await answer();
  } catch (error) {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (statusCode < 400 || statusCode > 499) throw error;
    return { refused: statusCode, error: message } satisfies Static<typeof Refused>;
  }
}

/** Returns the nodes that did not answer, or with something else. */
const unseenOf = ({ answers, silent }: Gathered, isExpected: (value: unknown) => boolean): string[] =>
  [...silent, ...withoutAnswer(answers, isExpected)].toSorted();
