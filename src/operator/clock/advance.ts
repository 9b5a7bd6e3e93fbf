/**
 * Advances clocks step by step: time stops at each deadline in order, and everything reacts before it continues. One advance of n
 * gives the same events as n advances of 1.
 */
import type { ProtocolTime } from '../../protocols/kit/protocol.ts';
import type { ClockReading, ClockScope, Store, Tenant, TenantEvent } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Beating } from './beating.ts';

/** A lease that expired during an advance. */
export interface Fired {
  /** The deadline, on the tenant's lease clock. */
  readonly leaseMs: number;
  /** Wall time at which it was recorded. */
  readonly at: string;
  /** The deadline as the tenant's clients see it. */
  readonly date: string;
  readonly type: string;
  readonly protocol: string;
  readonly tenant: Tenant;
  readonly group: string;
  readonly holder: string;
  readonly epoch: number;
}

export interface AdvanceOptions {
  readonly store: Store;
  readonly protocols: readonly { readonly name: string; readonly time?: ProtocolTime }[];
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

export interface Advance {
  readonly scope: ClockScope;
  readonly advanceMs: number;
  readonly beating: Beating;
  /** Whether something happened at which the advance ends. */
  isStopped(): boolean;
}

export interface Advanced {
  readonly fired: readonly Fired[];
  readonly advancedMs: number;
  /** Everything reacted to each step, and no limit was reached. */
  readonly settled: boolean;
}

/** Maximum number of steps of one advance, and of ms that it may take; what is left is one step, or is left out if a holder beats. */
const maxSteps = 20_000;
const maxTakesMs = 30_000;
/** How long the reactions to one step may take, ms: an application may not answer. */
const maxSettleMs = 5_000;

/** Advances one clock. Rejects with RangeError for an advance beyond the last date. */
export async function advance(
  options: AdvanceOptions,
  { scope, advanceMs, beating, isStopped }: Advance,
): Promise<Advanced> {
  const { store, wallMs, monotonicMs } = options;
  const reactions = makeReactions(options, scope);
  const fired: Fired[] = [];
  const untilMs = monotonicMs() + maxTakesMs;
  let elapsedMs = 0;
  let clock = await store.readClock(reactions.tenant);
  let isLimited = false;
  await reactions.settle();
  for (let steps = 0; elapsedMs < advanceMs && !isStopped(); steps += 1) {
    await beating.beat(elapsedMs);
    isLimited = steps >= maxSteps || monotonicMs() > untilMs;
    const isBeating = beating.nextMs !== Number.POSITIVE_INFINITY;
    if (isLimited && isBeating) break;
    const leftMs = advanceMs - elapsedMs;
    const mostMs = Math.min(leftMs, beating.nextMs - elapsedMs, reactions.untilNextMs(clock));
    const step = await store.stepClock(scope, {
      advanceMs: isLimited ? leftMs : mostMs,
      toNext: !isLimited,
    });
    clock = step.clock;
    elapsedMs += step.clock.advancedMs;
    for (const event of step.expired) fired.push(firedOf(event, clock, wallMs()));
    await reactions.settle();
  }
  await beating.beat(elapsedMs);
  await reactions.settle();
  return { fired, advancedMs: elapsedMs, settled: !isLimited && !reactions.isLate };
}

interface Reactions {
  /** The ms until a protocol does something by itself; Infinity if none will. */
  untilNextMs(clock: ClockReading): number;
  /** The tenant whose clock tells when; undefined: the common one. */
  readonly tenant: Tenant | undefined;
  /** Resolves when the protocols have reacted, or took too long. */
  settle(): Promise<void>;
  readonly isLate: boolean;
}

function makeReactions({ store, protocols }: AdvanceOptions, scope: ClockScope): Reactions {
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
  };
}

function firedOf(
  { type, tenant, group, holder, epoch, atMs, lateMs }: TenantEvent,
  clock: ClockReading,
  wallMs: number,
): Fired {
  const dateMs = atMs - lateMs;
  return {
    leaseMs: Math.floor(dateMs + clock.leaseMs - clock.dateMs),
    at: new Date(wallMs).toISOString(),
    date: new Date(dateMs).toISOString(),
    type: `lease.${type}`,
    protocol: protocolOf(tenant),
    tenant,
    group,
    holder,
    epoch,
  };
}
