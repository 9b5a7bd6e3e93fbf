/** Reads and replaces the states of tenants in the store. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { DumpTooLarge, type Store, type Tenant } from '../../store/store.ts';
import { dumpOf, stateOf } from './state-document.ts';
import type { StateDocument, TenantState } from './state-schema.ts';

type StateStore = Pick<Store, 'tenants' | 'ownClocks' | 'dump' | 'load'>;

/** Returns all tenants that hold anything, or have a clock of their own, sorted. */
export async function knownTenants(store: StateStore): Promise<Tenant[]> {
  const [sizes, clocks] = await Promise.all([store.tenants(), store.ownClocks()]);
  return [...new Set([...sizes.map(({ tenant }) => tenant), ...clocks])].sort();
}

/** Returns the states of tenants, by default of all; one that holds nothing is left out. Each is as of one moment. Rejects with OperatorRefusal. */
export async function readStates(store: StateStore, tenants?: readonly Tenant[]): Promise<StateDocument> {
  const states: [Tenant, TenantState][] = [];
  // One after the other: each may be large.
  for (const tenant of tenants ?? (await knownTenants(store))) {
    const state = stateOf(await refusing(tenant, store.dump({ tenant })));
    if (Object.keys(state).length > 0) states.push([tenant, state]);
  }
  return { tenants: Object.fromEntries(states) };
}

/** A replacement of some tenants that was checked whole, before any of it is made. */
export interface Replacement {
  /** Makes it: each tenant in one step. */
  apply(): Promise<void>;
}

/**
 * Prepares to replace the states of tenants: of those in the document, and of `others`, which are then without any. Throws
 * OperatorRefusal for a document that cannot be loaded.
 */
export function replaceStates(
  store: StateStore,
  document: StateDocument,
  others: readonly Tenant[] = [],
): Replacement {
  const dumps = Object.entries(document.tenants).map(([tenant, state]) => ({
    tenant,
    dump: dumpOf(tenant, state),
  }));
  const removed = others.filter((tenant) => !Object.hasOwn(document.tenants, tenant));
  return {
    async apply() {
      await Promise.all(removed.map((tenant) => dropState(store, tenant)));
      for (const load of dumps) await refusing(load.tenant, store.load(load));
    },
  };
}

/** Removes all of a tenant, and lets it follow the common clock, in one step: a poll that is woken by it reads the new clock. */
export async function dropState(store: Pick<Store, 'load'>, tenant: Tenant): Promise<void> {
  await store.load({ tenant, dump: dumpOf(tenant, {}) });
}

/** Rejects with OperatorRefusal where the store refuses the size or the clock. */
async function refusing<T>(tenant: Tenant, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof DumpTooLarge) throw new OperatorRefusal(413, `${tenant}: ${error.message}`);
    if (error instanceof RangeError) throw new OperatorRefusal(400, `${tenant}: ${error.message}`);
    throw error;
  }
}
