/** A page of the actors of all nodes: what each node has of it, and how those become one. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import {
  decodeCursor,
  encodeCursor,
  invalidCursor,
  type PageRequest,
  pageOf,
} from '../../../protocols/kit/operator/page.ts';
import { guard } from '../../../protocols/kit/validate.ts';
import { ActorView } from '../actor.ts';
import type { ListedActor } from '../actors.ts';
import { thatFit } from './fitting.ts';

/** Name of the list in its cursors. */
const name = 'actors';

/** Where an actor is in the list: when it was started, its node, and its number there. */
const ActorPlace = Type.Tuple([Type.String(), Type.String(), Type.Integer()]);
type ActorPlace = Static<typeof ActorPlace>;
const isPlace = guard(ActorPlace);

/** What a node is asked for. */
const Wanted = Type.Object({
  tenant: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  order: Type.Optional(Type.Union([Type.Literal('oldest'), Type.Literal('newest')])),
  after: Type.Optional(ActorPlace),
});
type Wanted = Static<typeof Wanted>;

/** The question for a page, as it passes through the store. */
export const Question = Type.Object({
  ...{ ask: Type.Literal('list'), asker: Type.String() },
  ...Wanted.properties,
});

/** What one node has of a page. */
export const ListAnswer = Type.Object({
  items: Type.Array(Type.Object({ place: ActorPlace, view: ActorView })),
  isCut: Type.Boolean({ description: 'whether the node has more than these' }),
});
export type ListAnswer = Static<typeof ListAnswer>;

export interface ActorQuery extends PageRequest {
  readonly tenant?: string;
}

export interface ListPage {
  readonly actors: readonly ActorView[];
  readonly next: string | null;
}

/** Returns the place that a cursor names; undefined: the beginning. Throws OperatorRefusal 400 for a cursor of something else. */
export function placeIn(cursor: string | undefined): ActorPlace | undefined {
  if (cursor === undefined) return undefined;
  const place = decodeCursor(name, cursor);
  if (!isPlace(place)) throw invalidCursor();
  return place;
}

/** Returns what a node has of a page, as far as it fits into an answer to another node; `isForSelf`: all of it. */
export function listHere(
  { list }: { list(tenant?: string): readonly ListedActor[] },
  nodeId: string,
  { tenant, after, isForSelf = false, ...page }: Wanted & { readonly isForSelf?: boolean },
): ListAnswer {
  const items = list(tenant).map(({ order: number, view }) => ({
    place: [view.at, nodeId, number] satisfies ActorPlace as ActorPlace,
    view,
  }));
  const request = after === undefined ? page : { ...page, after: encodeCursor(name, after) };
  const { items: found, next } = pageOf({ name, items, placeOf: ({ place }) => place }, request);
  const fitting = isForSelf ? found : thatFit(found);
  return { items: fitting, isCut: next !== null || fitting.length < found.length };
}

/**
 * Returns the page that the answers of all nodes make, each actor with its node. It ends where a node may have further actors that it
 * did not send.
 */
export function mergeLists(
  lists: readonly (ListAnswer & { readonly node: string })[],
  page: Omit<PageRequest, 'after'>,
): ListPage {
  const items = lists.flatMap(({ node, items: sent, isCut }) =>
    sent.map(({ place, view }, at) => ({
      ...{ place, view: { ...view, node } },
      isLast: isCut && at === sent.length - 1,
    })),
  );
  const { items: found, next } = pageOf({ name, items, placeOf: ({ place }) => place }, page);
  const end = found.findIndex(({ isLast }) => isLast);
  const kept = end === -1 ? found : found.slice(0, end + 1);
  const last = kept.at(-1);
  return {
    actors: kept.map(({ view }) => view),
    next: last !== undefined && end !== -1 ? encodeCursor(name, last.place) : next,
  };
}
