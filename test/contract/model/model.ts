/** A plain model of leases and their events, and the comparison of a store with it. */
import { expect } from 'vitest';
import { leaseEventsTopic, type Store } from '../../../src/store/store.ts';
import type { Node } from '../backend.ts';

interface ModelLease {
  readonly holder: string;
  ttlMs: number;
  deadlineMs: number;
  data: string | null;
}

export interface Model {
  nowMs: number;
  /** Members in the order of their grants. */
  readonly groups: Map<string, ModelLease[]>;
  readonly events: Map<string, string[]>;
}

/** The store that runs the same steps. */
export interface Real {
  tenant: string;
  node: Node;
  /** Kills what holds the data, and opens `node` over it again. */
  readonly restart: () => Promise<void>;
}

export const groupNames = ['1:a', 'a', 'é'];
export const holderNames = ['ann', ':ann', 'cid', 'dee'];
export const defaultTtlMs = 3_000;

/** Returns the members of a group of the model, to be changed in place. */
export const membersOf = (model: Model, group: string): ModelLease[] => {
  const members = model.groups.get(group) ?? [];
  model.groups.set(group, members);
  return members;
};

/** Adds an event to the group. */
export const record = (model: Model, group: string, type: string, lease: ModelLease): void => {
  const events = model.events.get(group) ?? [];
  model.events.set(group, events);
  events.push(`${type} ${lease.holder} ${membersOf(model, group).length} ${lease.data}`);
};

/** Ends a lease of the model, with an event of this type. */
export const remove = (model: Model, group: string, type: string, lease: ModelLease): void => {
  const members = membersOf(model, group);
  members.splice(members.indexOf(lease), 1);
  record(model, group, type, lease);
};

/** Expects the store to show what the model has: members with their data and remaining time, in order, and every event so far. */
export async function compare(model: Model, { tenant, node: { store } }: Real): Promise<void> {
  for (const group of groupNames) {
    const { leases, count } = await store.members({ tenant, group, offset: 0, limit: 100 });
    const expected = membersOf(model, group);
    expect(
      leases.map(({ holder, ttlMs, remainingMs, data }) => ({ holder, ttlMs, remainingMs, data })),
    ).toEqual(
      expected.map(({ holder, ttlMs, deadlineMs, data }) => ({
        holder,
        ttlMs,
        remainingMs: deadlineMs - model.nowMs,
        data,
      })),
    );
    expect(count).toBe(expected.length);
    expect(inAnyOrderOfExpiry(await eventsOf(store, tenant, group))).toEqual(
      inAnyOrderOfExpiry(model.events.get(group) ?? []),
    );
  }
  for (const holder of holderNames) {
    expect(await store.groupsOf({ tenant, holder })).toEqual(
      groupNames.filter((group) => membersOf(model, group).some((lease) => lease.holder === holder)),
    );
  }
}

/** Leases with one deadline may expire in any order: of expiries in a row, only the holders and their number must agree. */
function inAnyOrderOfExpiry(events: readonly string[]): unknown[] {
  const runs: { readonly holders: string[]; readonly counts: string[] }[] = [];
  const comparable: unknown[] = [];
  for (const event of events) {
    const [type, holder = '', count = '', data] = event.split(' ');
    if (type !== 'expired') {
      comparable.push(event);
      continue;
    }
    if (comparable.length === 0 || comparable.at(-1) !== runs.at(-1)) {
      const run = { holders: [], counts: [] };
      runs.push(run);
      comparable.push(run);
    }
    runs.at(-1)?.holders.push(`${holder} ${data}`);
    runs.at(-1)?.holders.sort();
    runs.at(-1)?.counts.push(count);
  }
  return comparable;
}

/** Has the events of all groups of the model recorded. */
export async function watchAll(store: Store, tenant: string): Promise<void> {
  await store.watchEvents({ tenant, groups: groupNames, prefixes: [], forMs: 24 * 3_600_000 });
}

async function eventsOf(store: Store, tenant: string, group: string): Promise<string[]> {
  const entries = await store.readTopics({
    tenant,
    topics: [{ topic: leaseEventsTopic(group), after: 0n }],
    limit: 1_000,
  });
  return entries.map(({ payload }) => {
    const { type, holder, count, data } = JSON.parse(Buffer.from(payload).toString());
    return `${type} ${holder} ${count} ${data}`;
  });
}
