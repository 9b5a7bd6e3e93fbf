/** Reads the leases of all protocols, a page at a time. */
import { type Static, Type } from '@sinclair/typebox';
import type { Protocol } from '../../protocols/kit/protocol.ts';
import type { Store, TenantSize } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';

export const LeasesQuery = Type.Object({
  protocol: Type.Optional(Type.String({ description: 'sls, pbx or presence' })),
  tenant: Type.Optional(Type.String()),
  group: Type.Optional(Type.String()),
  holder: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
  cursor: Type.Optional(Type.String({ description: '`next` of the previous page' })),
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
  next: Type.Union([Type.String(), Type.Null()]),
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
type Query = Static<typeof LeasesQuery>;

/** Where a page ended: the next one begins after `offset` members of this group. */
interface Place {
  readonly tenant: string;
  readonly group: string;
  readonly offset: number;
}

const groupsAtOnce = 200;
const maxPageSize = 100;
/** Maximum groups whose state a page carries. */
const maxGroups = 1_000;

/** Answered with 400. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
  readonly statusCode = 400;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function decodeCursor(cursor: string): Place {
  try {
    const [tenant, group, offset] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof tenant === 'string' && typeof group === 'string' && isCount(offset)) {
      return { tenant, group, offset };
    }
  } catch {
    // Refused below, like a cursor of another shape.
  }
  throw new InvalidCursor('invalid cursor');
}

const encodeCursor = ({ tenant, group, offset }: Place): string =>
  Buffer.from(JSON.stringify([tenant, group, offset])).toString('base64url');

/** Returns a page ordered by tenant, group and age of grant, with the state of the groups. Throws InvalidCursor. */
export async function listLeases(
  store: Store,
  protocols: readonly Pick<Protocol, 'name' | 'viewGroups'>[],
  query: Query,
): Promise<Page> {
  const page = await pageOfLeases(store, query);
  const tenants = new Set(page.leases.map(({ tenant }) => tenant));
  // A query for a tenant or a protocol also returns empty groups.
  if (query.tenant !== undefined) tenants.add(query.tenant);
  else if (query.protocol !== undefined)
    for (const { tenant } of await store.tenants())
      if (protocolOf(tenant) === query.protocol) tenants.add(tenant);
  const groups: Page['groups'] = [];
  for (const tenant of tenants) {
    if (groups.length >= maxGroups) break;
    const protocol = protocolOf(tenant);
    const owner = protocols.find(({ name }) => name === protocol);
    const limit = maxGroups - groups.length;
    const found = (await owner?.viewGroups?.(tenant, limit)) ?? [];
    for (const { group, state } of found) {
      if (query.group === undefined || group === query.group) groups.push({ protocol, tenant, group, state });
    }
  }
  return { ...page, groups };
}

async function pageOfLeases(store: Store, query: Query): Promise<Omit<Page, 'groups'>> {
  const limit = query.limit ?? maxPageSize;
  const from = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const leases: Page['leases'][number][] = [];
  for (const { tenant } of (await store.tenants()).filter((size) => isWanted(size, query)).sort(byTenant)) {
    if (from !== undefined && tenant < from.tenant) continue;
    const start = from?.tenant === tenant ? from : undefined;
    for await (const group of groupsOf(store, tenant, query, start)) {
      let offset = start?.group === group ? start.offset : 0;
      for (;;) {
        const wanted = limit - leases.length + 1;
        const { leases: found } = await store.members({ tenant, group, offset, limit: wanted });
        for (const lease of found) {
          // One more than the page holds: the next page begins here.
          if (leases.length === limit) return { leases, next: encodeCursor({ tenant, group, offset }) };
          offset += 1;
          if (query.holder !== undefined && lease.holder !== query.holder) continue;
          const { data, ...rest } = lease;
          leases.push({
            protocol: protocolOf(tenant),
            tenant,
            ...rest,
            data: data === null ? null : parsed(data),
          });
        }
        if (found.length < wanted) break;
      }
    }
  }
  return { leases, next: null };
}

const byTenant = (a: TenantSize, b: TenantSize): number => (a.tenant < b.tenant ? -1 : 1);

function isWanted({ tenant, leases }: TenantSize, query: Query): boolean {
  if (leases === 0) return false;
  if (query.tenant !== undefined && tenant !== query.tenant) return false;
  return query.protocol === undefined || protocolOf(tenant) === query.protocol;
}

async function* groupsOf(
  store: Store,
  tenant: string,
  query: Query,
  start: Place | undefined,
): AsyncGenerator<string> {
  if (query.group !== undefined || query.holder !== undefined) {
    // A filter by name costs one look-up instead of a walk over all groups.
    const held =
      query.holder === undefined ? undefined : await store.groupsOf({ tenant, holder: query.holder });
    for (const group of held ?? [query.group ?? '']) {
      if (query.group !== undefined && group !== query.group) continue;
      if (start === undefined || group >= start.group) yield group;
    }
    return;
  }
  if (start !== undefined) yield start.group;
  for (let after = start?.group; ; ) {
    const page = await store.groups({
      tenant,
      limit: groupsAtOnce,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    if (page.length < groupsAtOnce) return;
    after = page.at(-1);
  }
}

/** Data is JSON text if a protocol keeps any. */
function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
