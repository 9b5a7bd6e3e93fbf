/** The PBXs of this process: each with its context, operations and delivery, made when it is first used. */
import type { Tenant } from '../../../store/store.ts';
import type { PbxOperation } from '../api/call.ts';
import { contextOfTenant, type PbxContext } from '../api/context.ts';
import { pbxOperations } from '../api/operations.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { defaultTenant, isPbxTenant } from '../tenant.ts';
import { type Announcements, watchAnnouncements } from './announcements.ts';
import { type Directory, makeDirectory } from './directory.ts';

/** Another one ends that which was used longest ago on this node: it begins again with its next request. */
const maxTenants = 500;

export interface PbxTenant {
  readonly context: PbxContext;
  /** In the order of the table of the default tenant. */
  readonly operations: readonly PbxOperation[];
  /** Absent while the server does not deliver: before it listens, and after it stopped. */
  delivery?: Delivery;
}

export interface Tenants {
  readonly directory: Directory;
  /** Returns a tenant, which begins if it did not, on all nodes. */
  get(tenant: Tenant): PbxTenant;
  /** Returns a tenant that began. */
  begun(tenant: Tenant): PbxTenant | undefined;
  all(): readonly PbxTenant[];
  /** Delivers from now on, and soon for every tenant that the store holds. */
  start(): void;
  /** Resolves when no attempt is under way. */
  stop(): Promise<void>;
  /** Ends what requests need. */
  close(): void;
}

export interface TenantsOptions {
  /** Of the default tenant. */
  readonly context: PbxContext;
  /** `isStopping`: asked when attempts last too long at the end: then those of all tenants are ended. */
  startDelivery(context: PbxContext, isStopping: () => boolean): Delivery;
}

/** Makes the PBXs: at first the default one. */
export function makeTenants({ context, startDelivery }: TenantsOptions): Tenants {
  const directory = makeDirectory(context.store);
  let isDelivering = false;
  const isStopping = (): boolean => !isDelivering;
  const begin = (ofTenant: PbxContext): PbxTenant => ({
    context: ofTenant,
    operations: pbxOperations(ofTenant),
    ...(isDelivering ? { delivery: startDelivery(ofTenant, isStopping) } : {}),
  });
  const first = begin(context);
  /** That which was used last is the last one. */
  const others = new Map<Tenant, PbxTenant>();
  const { end, allEnded } = makeEnding();
  const endOldest = (): void => {
    for (const [tenant, oldest] of others) {
      others.delete(tenant);
      oldest.context.tokens.stop();
      end(oldest);
      return;
    }
  };
  let announcements: Announcements | undefined;
  const beginHere = (tenant: Tenant): PbxTenant => {
    directory.add(tenant);
    if (others.size >= maxTenants) endOldest();
    const begun = begin(contextOfTenant(context, tenant));
    others.set(tenant, begun);
    return begun;
  };
  const beginQuietly = (tenant: Tenant): void => {
    if (isDelivering && tenant !== defaultTenant && !others.has(tenant)) beginHere(tenant);
  };
  const get = (tenant: Tenant): PbxTenant => {
    if (tenant === defaultTenant) return first;
    const found = others.get(tenant);
    if (found === undefined) {
      announcements?.announce(tenant);
      return beginHere(tenant);
    }
    others.delete(tenant);
    others.set(tenant, found);
    return found;
  };
  const beginStored = async (): Promise<void> => {
    for (const tenant of await storedTenants(context.store)) beginQuietly(tenant);
  };
  return {
    directory,
    get,
    begun: (tenant) => (tenant === defaultTenant ? first : others.get(tenant)),
    all: () => [first, ...others.values()],
    start() {
      isDelivering = true;
      for (const one of [first, ...others.values()]) one.delivery = startDelivery(one.context, isStopping);
      announcements = watchAnnouncements(context.store, beginQuietly);
      void beginStored();
    },
    async stop() {
      isDelivering = false;
      for (const one of [first, ...others.values()]) end(one);
      await Promise.all([announcements?.stop(), allEnded()]);
    },
    close() {
      for (const one of [first, ...others.values()]) one.context.tokens.stop();
    },
  };
}

/** Makes `end`, which stops the delivery of a tenant, and `allEnded`, which resolves when every stopped one has ended. */
function makeEnding() {
  const ending = new Set<Promise<void>>();
  return {
    end({ delivery }: PbxTenant): void {
      const ended = (delivery?.stop() ?? Promise.resolve()).finally(() => ending.delete(ended));
      ending.add(ended);
    },
    allEnded: () => Promise.all(ending),
  };
}

/** Resolves to the PBXs that a store holds; to none if it is away: a tenant begins with its first request at the latest. */
async function storedTenants(store: PbxContext['store']): Promise<readonly Tenant[]> {
  const stored = await store.tenants().catch(() => []);
  return stored
    .map(({ tenant }) => tenant)
    .filter(isPbxTenant)
    .slice(0, maxTenants);
}
