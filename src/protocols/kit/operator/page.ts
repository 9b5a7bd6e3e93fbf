/** Pages of lists: one grammar of cursors for every list of the operator API. Pure. */
import { type TSchema, Type } from '@sinclair/typebox';
import { OperatorRefusal } from './refusal.ts';

/** A place in a list: what the list is sorted by. Members of two places have the same types. */
export type Place = readonly (string | number)[];

const maxLimit = 1_000;
const usualLimit = 100;
/** Longer than any cursor: names that a client chooses are bounded. */
const maxCursorLength = 16_384;

/** Parameters of a page. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLimit, default: usualLimit })),
  after: Type.Optional(
    Type.String({ description: '`next` of the previous page', maxLength: maxCursorLength }),
  ),
};

/** Parameters of a page of a list that is sorted by time. */
export const timedPageQuery = {
  ...pageQuery,
  order: Type.Optional(
    Type.Union([Type.Literal('oldest'), Type.Literal('newest')], { description: 'which comes first' }),
  ),
};

/** `next` of a page. */
export const Next = Type.Union([Type.String(), Type.Null()], {
  description: '`after` of the next page; null: this is the last',
});

/** Returns the schema of a page whose items are in the member `name`. */
export const pageSchema = <Name extends string, Item extends TSchema>(name: Name, item: Item) =>
  Type.Object({ [name]: Type.Array(item), next: Next } as Record<
    Name,
    ReturnType<typeof Type.Array<Item>>
  > & {
    readonly next: typeof Next;
  });

export interface PageRequest {
  readonly limit?: number;
  readonly after?: string;
  readonly order?: 'oldest' | 'newest';
}

export interface List<Item> {
  /** Part of its cursors, so that those of another list are refused. */
  readonly name: string;
  readonly items: readonly Item[];
  /** Differs for any two items, and stays the same while an item is in the list. */
  placeOf(item: Item): Place;
}

/**
 * Returns a page of a list, sorted by place, and the cursor of the next one. What was removed since the previous page is left out, and
 * nothing else is skipped or repeated. Throws OperatorRefusal 400 for a cursor that is not of this list.
 */
export function pageOf<Item>(
  { name, items, placeOf }: List<Item>,
  { limit = usualLimit, after, order = 'oldest' }: PageRequest,
): { readonly items: Item[]; readonly next: string | null } {
  const direction = order === 'oldest' ? 1 : -1;
  const from = after === undefined ? undefined : decodeCursor(name, after);
  const found = items
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => from === undefined || compare(place, from) * direction > 0)
    .sort((a, b) => compare(a.place, b.place) * direction);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next: last === undefined || found.length <= limit ? null : encodeCursor(name, last.place),
  };
}

/** Returns the cursor of a place in a list. */
export const encodeCursor = (name: string, place: Place): string =>
  Buffer.from(JSON.stringify([name, ...place])).toString('base64url');

/** Returns the place of a cursor. Throws OperatorRefusal 400 for a cursor that is not of this list. */
export function decodeCursor(name: string, cursor: string): Place {
  const [list, ...place] = membersOf(cursor);
  if (list !== name || !place.every(isMember)) throw invalidCursor();
  return place;
}

/** A cursor that is not of the list that is read. */
export const invalidCursor = (): OperatorRefusal =>
  new OperatorRefusal(400, 'after: invalid cursor; pass the `next` of a page of this list');

function membersOf(cursor: string): readonly unknown[] {
  try {
    const members: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(members) ? members : [];
  } catch {
    return [];
  }
}

const isMember = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

function compare(a: Place, b: Place): number {
  for (const [at, member] of a.entries()) {
    const other = b[at];
    if (typeof member !== typeof other) throw invalidCursor();
    if (other !== undefined && member !== other) return member < other ? -1 : 1;
  }
  if (a.length !== b.length) throw invalidCursor();
  return 0;
}
