/** Reads the leases of all protocols, a page at a time. */
import { type Static, Type } from '@sinclair/typebox';
import { decodeCursor, encodeCursor, invalidCursor, pageQuery } from '../../protocols/kit/operator/page.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { Protocol } from '../../protocols/kit/protocol.ts';
import type { Lease, Store } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { parseSelector } from '../selector/parse.ts';
import { dataOf } from './lease-data.ts';
import { isNamed, type LeaseSelector, type Place, type Step, walkLeases } from './select-leases.ts';

const Pattern = (description: string) =>
  Type.Optional(
    Type.String({ description: `${description}; * stands for any characters`, maxLength: 1_024 }),
  );

export const LeasesQuery = Type.Object({
  protocol: Pattern('sls, pbx or presence'),
  tenant: Pattern('tenant, such as sls/<project>'),
  group: Pattern('logstore and consumer group, API user, or channel'),
  holder: Pattern('consumer, token, or uuid'),
  body: Type.Optional(
    Type.String({
      description: 'conditions by path into `data`, as JSON text such as {"mood":"fine"}',
      maxLength: 16_384,
    }),
  ),
  ...pageQuery,
  order: Type.Optional(
    Type.Union([Type.Literal('name'), Type.Literal('deadline')], {
      description: 'deadline: one page of the leases that end first; default: by tenant, group and age',
    }),
  ),
});

export const LeasesPage = Type.Object({
  leases: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      holder: Type.String(),
      epoch: Type.Integer(),
      ttlMs: Type.Number(),
      remainingMs: Type.Number(),
      data: Type.Unknown({ description: 'what the lease carries: a callback, a state, or null' }),
    }),
  ),
  next: Type.Union([Type.String(), Type.Null()], {
    description: '`after` of the next page, which may be followed by an empty one; null: this is the last',
  }),
  isComplete: Type.Optional(
    Type.Boolean({
      description: 'by deadline: whether all selected leases were compared, of at most 20 000',
    }),
  ),
  groups: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      state: Type.Unknown({
        description: 'what the protocol knows of the group: for SLS its shards and checkpoints',
      }),
    }),
  ),
});

type Page = Static<typeof LeasesPage>;
type LeaseView = Page['leases'][number];
type Query = Static<typeof LeasesQuery>;

const maxPageSize = 100;
/** Maximum groups whose state a page carries. */
const maxGroups = 1_000;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const listName = 'leases';

function parsePlace(cursor: string): Place {
  const [tenant, group, offset, ...more] = decodeCursor(listName, cursor);
  if (typeof tenant === 'string' && typeof group === 'string' && isCount(offset) && more.length === 0)
    return { tenant, group, offset };
  throw invalidCursor();
}

const cursorOf = ({ tenant, group, offset }: Place): string =>
  encodeCursor(listName, [tenant, group, offset]);

/** Returns a page ordered by tenant, group and age of grant, with the state of the groups. Throws OperatorRefusal for a cursor of no page. */
export async function listLeases(
  store: Store,
  protocols: readonly Pick<Protocol, 'name' | 'viewGroups'>[],
  query: Query,
): Promise<Page> {
  const page = await pageOfLeases(store, query);
  const tenants = new Set(page.leases.map(({ tenant }) => tenant));
  // A query for a tenant or a protocol also returns empty groups.
  if (query.tenant !== undefined && !query.tenant.includes('*')) tenants.add(query.tenant);
  else if (query.tenant !== undefined || query.protocol !== undefined)
    for (const { tenant } of await store.tenants())
      if (isNamed(tenant, query.tenant) && isNamed(protocolOf(tenant), query.protocol)) tenants.add(tenant);
  const groups: Page['groups'] = [];
  for (const tenant of tenants) {
    if (groups.length >= maxGroups) break;
    const protocol = protocolOf(tenant);
    const owner = protocols.find(({ name }) => name === protocol);
    const limit = maxGroups - groups.length;
    const found = (await owner?.viewGroups?.(tenant, limit)) ?? [];
    for (const { group, state } of found) {
      if (isNamed(group, query.group)) groups.push({ protocol, tenant, group, state });
    }
  }
  return { ...page, groups };
}

function selectorOf({ protocol, tenant, group, holder, body }: Query): LeaseSelector {
  const names = { protocol, tenant, group, holder, body };
  return parseSelector(Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined)));
}

async function pageOfLeases(store: Store, query: Query): Promise<Omit<Page, 'groups'>> {
  const limit = query.limit ?? maxPageSize;
  const selector = selectorOf(query);
  if (query.order === 'deadline') return nextDeadlines(store, query, selector);
  const start = query.after === undefined ? undefined : parsePlace(query.after);
  const leases: LeaseView[] = [];
  // One more than the page holds: the next page begins there.
  for await (const { place, lease } of walkLeases(store, selector, { start, chunk: limit + 1 })) {
    if (lease === undefined || leases.length === limit) return { leases, next: cursorOf(place) };
    leases.push(viewOf(place.tenant, lease));
  }
  return { leases, next: null };
}

/** Returns the selected leases that end first. */
async function nextDeadlines(
  store: Store,
  { after, limit = maxPageSize }: Query,
  selector: LeaseSelector,
): Promise<Omit<Page, 'groups'>> {
  if (after !== undefined)
    throw new OperatorRefusal(400, 'order: by deadline there is one page, without `after`');
  let nearest: Step[] = [];
  let isComplete = true;
  for await (const step of walkLeases(store, selector, { chunk: deadlineChunk })) {
    if (step.lease === undefined) isComplete = false;
    else nearest.push(step);
    if (nearest.length >= deadlineChunk) nearest = firstToEnd(nearest, limit);
  }
  const leases = firstToEnd(nearest, limit).flatMap(({ place, lease }) =>
    lease === undefined ? [] : [viewOf(place.tenant, lease)],
  );
  return { leases, next: null, isComplete };
}

/** Leases are read, and sorted, this many at a time. */
const deadlineChunk = 1_000;

function firstToEnd(steps: readonly Step[], limit: number): Step[] {
  const remainingMs = ({ lease }: Step): number => lease?.remainingMs ?? 0;
  return steps.toSorted((a, b) => remainingMs(a) - remainingMs(b)).slice(0, limit);
}

function viewOf(tenant: string, { data, ...rest }: Lease): LeaseView {
  return { protocol: protocolOf(tenant), tenant, ...rest, data: dataOf(data) };
}
