/** Walks over the leases that a query selects, in a fixed order, so that a walk can go on where another ended. */
import type { Lease, Store, TenantSize } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { isSelected, matchesPattern, type Selector } from '../selector/selector.ts';
import { dataOf } from './lease-data.ts';

/** Names of leases, in which `*` stands for any number of characters, and conditions on what they carry. */
export interface LeaseSelector {
  readonly protocol?: string;
  readonly tenant?: string;
  readonly group?: string;
  readonly holder?: string;
  readonly body?: Selector['body'] | undefined;
}

/** Where a walk is: before the member `offset` of this group. */
export interface Place {
  readonly tenant: string;
  readonly group: string;
  readonly offset: number;
}

/** A lease that is selected, or the end of a walk that compared enough. */
export interface Step {
  readonly place: Place;
  readonly lease?: Lease;
}

export interface WalkOptions {
  readonly start?: Place | undefined;
  /** Leases that are read at a time. */
  readonly chunk: number;
}

/** Leases and groups that one walk compares: a search that finds little must not read a whole large store. */
const maxCompared = 20_000;
const groupsAtOnce = 200;

/** Returns whether a name is selected by a pattern; without one every name is. */
export function isNamed(name: string, pattern: string | undefined): boolean {
  return pattern === undefined || matchesPattern(name, pattern);
}

/** Yields the selected leases by tenant, group and age of grant; at last a step without a lease if it ended before all were compared. */
export async function* walkLeases(
  store: Store,
  selector: LeaseSelector,
  { start, chunk }: WalkOptions,
): AsyncGenerator<Step, void, void> {
  let compared = 0;
  for (const { tenant } of (await store.tenants())
    .filter((size) => isWanted(size, selector))
    .sort(byTenant)) {
    if (start !== undefined && tenant < start.tenant) continue;
    const from = start?.tenant === tenant ? start : undefined;
    for await (const group of groupsOf(store, { ...selector, tenant }, from)) {
      const first = from?.group === group ? from.offset : 0;
      compared += 1;
      if (compared >= maxCompared) {
        yield { place: { tenant, group, offset: first } };
        return;
      }
      if (!isNamed(group, selector.group)) continue;
      for await (const step of membersOf(store, { tenant, group, offset: first }, { ...selector, chunk })) {
        if (compared >= maxCompared) {
          yield { place: step.place };
          return;
        }
        compared += 1;
        if (step.lease !== undefined && isLeaseSelected(step.lease, selector)) yield step;
      }
    }
  }
}

function isLeaseSelected({ holder, data }: Lease, { holder: pattern, body }: LeaseSelector): boolean {
  if (!isNamed(holder, pattern)) return false;
  return body === undefined || isSelected({ body: () => dataOf(data) }, { body });
}

const byTenant = (a: TenantSize, b: TenantSize): number => (a.tenant < b.tenant ? -1 : 1);

function isWanted({ tenant, leases }: TenantSize, { protocol, tenant: pattern }: LeaseSelector): boolean {
  return leases > 0 && isNamed(tenant, pattern) && isNamed(protocolOf(tenant), protocol);
}

const isExact = (pattern: string | undefined): pattern is string =>
  pattern !== undefined && !pattern.includes('*');

/** A name without `*` costs one look-up instead of a walk over all groups. */
async function* groupsOf(
  store: Store,
  { tenant, group: wanted, holder }: LeaseSelector & { readonly tenant: string },
  start: Place | undefined,
): AsyncGenerator<string> {
  if (isExact(holder) || isExact(wanted)) {
    const groups = isExact(holder) ? await store.groupsOf({ tenant, holder }) : [wanted ?? ''];
    for (const group of groups) if (start === undefined || group >= start.group) yield group;
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

async function* membersOf(
  store: Store,
  { tenant, group, offset: first }: Place,
  { holder, chunk }: LeaseSelector & { readonly chunk: number },
): AsyncGenerator<Step> {
  if (isExact(holder)) {
    const lease = await store.read({ tenant, group, holder });
    if (lease !== null) yield { place: { tenant, group, offset: 0 }, lease };
    return;
  }
  for (let offset = first; ; ) {
    const { leases } = await store.members({ tenant, group, offset, limit: chunk });
    for (const lease of leases) {
      yield { place: { tenant, group, offset }, lease };
      offset += 1;
    }
    if (leases.length < chunk) return;
  }
}
