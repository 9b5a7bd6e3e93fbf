/** Reads lists that the server returns in pages. */
import type { Call, Requester } from './request.ts';

/** Items of a page; the largest that a server returns. */
const limit = 1_000;

type Page<Name extends string, Item> = Record<Name, readonly Item[]> & {
  readonly next?: string | null;
  readonly unseenNodes?: readonly string[];
};

/** A list to read. */
export interface ListCall extends Pick<Call, 'query'> {
  readonly path: string;
  /** Is called with each page that was read. */
  onPage?(page: { readonly unseenNodes?: readonly string[] }): void;
}

/** Resolves to all items of a list, which are in the member `name` of its pages. Rejects with OperatorError. */
export async function everyPage<Name extends string, Item>(
  json: Requester['json'],
  name: Name,
  { path, query, onPage }: ListCall,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page: Page<Name, Item> = await json('GET', path, {
      query: { ...query, limit, after },
    });
    items.push(...page[name]);
    onPage?.(page);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return items;
}
