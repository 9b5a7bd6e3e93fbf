/**
 * Advances clocks step by step: time stops at each deadline in order, and everything reacts before it continues, on all nodes. One
 * advance of n gives the same events as n advances of 1.
 */
import type { ClockReading, ClockScope, Tenant, TenantEvent } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Beating } from './beating.ts';
import type { OtherNodes } from './other-nodes.ts';
import { makeReactions, type ReactionsOptions } from './reactions.ts';

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

export interface AdvanceOptions extends ReactionsOptions {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

export interface Advance {
  readonly scope: ClockScope;
  readonly advanceMs: number;
  readonly beating: Beating;
  readonly others: OtherNodes;
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

/** Advances one clock. Rejects with RangeError for an advance beyond the last date. */
export async function advance(
  options: AdvanceOptions,
  { scope, advanceMs, beating, isStopped, others }: Advance,
): Promise<Advanced> {
  const { store, wallMs, monotonicMs } = options;
  const reactions = makeReactions(options, scope);
  const fired: Fired[] = [];
  const untilMs = monotonicMs() + maxTakesMs;
  let elapsedMs = 0;
  let clock = await store.readClock(reactions.tenant);
  let isLimited = false;
  await settleAll();
  for (let steps = 0; elapsedMs < advanceMs && !isStopped(); steps += 1) {
    const isBeatDue = beating.nextMs <= elapsedMs && beating.nextMs > 0;
    await beating.beat(elapsedMs);
    isLimited = steps >= maxSteps || monotonicMs() > untilMs;
    const isBeating = beating.nextMs !== Number.POSITIVE_INFINITY;
    if (isLimited && isBeating) break;
    const leftMs = advanceMs - elapsedMs;
    const mostMs = Math.min(
      leftMs,
      beating.nextMs - elapsedMs,
      reactions.untilNextMs(clock),
      others.untilNextMs(elapsedMs),
    );
    const step = await store.stepClock(scope, {
      advanceMs: isLimited ? leftMs : mostMs,
      toNext: !isLimited,
    });
    clock = step.clock;
    elapsedMs += step.clock.advancedMs;
    for (const event of step.expired) fired.push(firedOf(event, clock, wallMs()));
    await reactions.settle();
    if (others.isNeeded({ elapsedMs, isChanged: isBeatDue || step.expired.length > 0 })) await settleAll();
  }
  await beating.beat(elapsedMs);
  await settleAll();
  const settled = !isLimited && !reactions.isLate && !others.isLate;
  return { fired, advancedMs: elapsedMs, settled };

  /** What other nodes did may be something to react to here. */
  async function settleAll(): Promise<void> {
    await reactions.settle();
    if (await others.settle(elapsedMs)) await reactions.settle();
  }
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
