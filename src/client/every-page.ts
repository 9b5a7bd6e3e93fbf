/** Reads lists that the server returns in pages. */
import type { Call, Requester } from './request.ts';

/** Items of a page; the largest that a server returns. */
const limit = 1_000;

/** Resolves to all items of a list, which are in the member `name` of its pages. Rejects with OperatorError. */
export async function everyPage<Name extends string, Item>(
  json: Requester['json'],
  name: Name,
  { path, query }: Pick<Call, 'query'> & { readonly path: string },
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page: Record<Name, readonly Item[]> & { readonly next?: string | null } = await json('GET', path, {
      query: { ...query, limit, after },
    });
    items.push(...page[name]);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return items;
}
