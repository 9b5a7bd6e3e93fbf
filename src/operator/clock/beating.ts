/** Holders that keep beating while the clock is advanced: their clients would, but beat in real time. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { ProtocolTime } from '../../protocols/kit/protocol.ts';
import type { Store, Tenant } from '../../store/store.ts';
import { dataOf } from '../leases/lease-data.ts';
import { isSelected, type Selector } from '../selector/selector.ts';
import { leasesOf, type TenantLease } from './leases-of.ts';

/** Part of the TTL after which a holder beats again, as clients do. */
const beatsPerTtl = 3;
/** Maximum number of leases that beat during one advance. */
const maxBeating = 10_000;

export interface Beating {
  /** The ms from the start of the advance until the next beat; Infinity if no holder beats. */
  readonly nextMs: number;
  /** Makes the beats that are due `elapsedMs` after the start. */
  beat(elapsedMs: number): Promise<void>;
  has(lease: Pick<TenantLease, 'tenant' | 'group' | 'holder'>): boolean;
}

interface BeatingLease {
  readonly lease: TenantLease;
  readonly everyMs: number;
  nextMs: number;
}

export interface BeatingOptions {
  readonly store: Store;
  /** What a protocol does at a heartbeat besides renewing. */
  timeOf(protocol: string): ProtocolTime | undefined;
  /** Clients that the server simulates, which renew their leases themselves. */
  readonly actors?: { has(lease: Pick<TenantLease, 'tenant' | 'group' | 'holder'>): boolean } | undefined;
}

/** Selects the live leases of the tenants that match any of the selectors. Rejects with OperatorRefusal if there are too many. */
export async function selectBeating(
  { store, timeOf, actors }: BeatingOptions,
  tenants: readonly Tenant[],
  selectors: readonly Selector[],
): Promise<Beating> {
  const beating = new Map<string, BeatingLease>();
  if (selectors.length > 0) {
    for await (const lease of leasesOf(store, tenants)) {
      const selectable = { ...lease, body: () => dataOf(lease.data) };
      if (!selectors.some((selector) => isSelected(selectable, selector))) continue;
      if (beating.size === maxBeating)
        throw new OperatorRefusal(400, `beating: more than ${maxBeating} leases are selected`);
      const everyMs = Math.max(1, Math.floor(lease.ttlMs / beatsPerTtl));
      beating.set(keyOf(lease), { lease, everyMs, nextMs: 0 });
    }
  }
  const renew = async ({ lease: { protocol, tenant, group, holder } }: BeatingLease): Promise<void> => {
    const beat = timeOf(protocol)?.beat;
    if (beat !== undefined) await beat(tenant, group, holder);
    else await store.beat({ tenant, holder, groups: [{ group }], grant: false, returning: 'state' });
  };
  return {
    get nextMs() {
      let nextMs = Number.POSITIVE_INFINITY;
      for (const one of beating.values()) nextMs = Math.min(nextMs, one.nextMs);
      return nextMs;
    },
    async beat(elapsedMs) {
      const due = [...beating.values()].filter(({ nextMs }) => nextMs <= elapsedMs);
      for (const one of due) one.nextMs = elapsedMs + one.everyMs;
      await Promise.all(due.map(renew));
    },
    has: (lease) => beating.has(keyOf(lease)) || actors?.has(lease) === true,
  };
}

/** Returns the beats of two. */
export function joinBeating(one: Beating, other: Beating | undefined): Beating {
  if (other === undefined) return one;
  return {
    get nextMs() {
      return Math.min(one.nextMs, other.nextMs);
    },
    async beat(elapsedMs) {
      await Promise.all([one.beat(elapsedMs), other.beat(elapsedMs)]);
    },
    has: (lease) => one.has(lease) || other.has(lease),
  };
}

const keyOf = ({ tenant, group, holder }: Pick<TenantLease, 'tenant' | 'group' | 'holder'>): string =>
  JSON.stringify([tenant, group, holder]);
