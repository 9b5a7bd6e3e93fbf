/** What the protocols of this node do by themselves as time passes. */
import type { ProtocolTime } from '../../protocols/kit/protocol.ts';
import type { ClockReading, ClockScope, Store, Tenant } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';

/** How long the reactions to one step may take, ms: an application may not answer. */
const maxSettleMs = 5_000;

export interface ReactionsOptions {
  readonly store: Store;
  readonly protocols: readonly { readonly name: string; readonly time?: ProtocolTime }[];
}

export interface Reactions {
  /** The ms until a protocol does something by itself; Infinity if none will. */
  untilNextMs(clock: ClockReading): number;
  /** The tenant whose clock tells when; undefined: the common one. */
  readonly tenant: Tenant | undefined;
  /** Resolves when the protocols have reacted, or took too long. */
  settle(): Promise<void>;
  readonly isLate: boolean;
  /** Whether something is here that may react to what other nodes do. */
  readonly isActive: boolean;
}

/** Makes the reactions to an advance of this scope. */
export function makeReactions({ store, protocols }: ReactionsOptions, scope: ClockScope): Reactions {
  const concerned = protocols.flatMap(({ name, time }) => {
    if (time === undefined) return [];
    if ('tenant' in scope) return protocolOf(scope.tenant) === name ? [{ time, tenant: scope.tenant }] : [];
    const active = (time.tenants?.() ?? []).filter((tenant) => store.partitionOf(tenant) === scope.partition);
    return active.length === 0 ? [{ time, tenant: '' }] : active.map((tenant) => ({ time, tenant }));
  });
  let isLate = false;
  return {
    tenant: concerned.find(({ tenant }) => tenant !== '')?.tenant,
    untilNextMs(clock) {
      let leastMs = Number.POSITIVE_INFINITY;
      for (const { time, tenant } of concerned) {
        const nextMs = tenant === '' ? undefined : time.nextMs?.(tenant);
        // What is overdue waits for something else than time.
        if (nextMs !== undefined && nextMs > clock.leaseMs)
          leastMs = Math.min(leastMs, nextMs - clock.leaseMs);
      }
      return leastMs;
    },
    async settle() {
      if (concerned.every(({ time }) => time.settle === undefined)) return;
      const { promise: late, resolve } = Promise.withResolvers<'late'>();
      const timer = setTimeout(resolve, isLate ? 0 : maxSettleMs, 'late');
      const settled = Promise.all(concerned.map(({ time, tenant }) => time.settle?.(tenant)));
      if ((await Promise.race([settled, late])) === 'late') isLate = true;
      clearTimeout(timer);
    },
    get isLate() {
      return isLate;
    },
    get isActive() {
      return concerned.some(({ time, tenant }) => time.isActive?.(tenant) === true);
    },
  };
}
