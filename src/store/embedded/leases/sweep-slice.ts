/** A part of a sweep that requests may have to wait for. */
import type { Sweep } from '../../driver.ts';
import { countEvents, type EventRun } from '../../event-runs.ts';
import type { State } from '../state.ts';
import type { Steps } from '../steps/steps.ts';
import { removeSomeEnded } from './expiries.ts';
import { sweep } from './sweep.ts';

/** How long one sweep may keep requests waiting, ms. */
const sliceMs = 2;
/** How long a step should take, ms: each is one transaction of the file, and time is read between two. */
const stepMs = 0.5;
/** Bounds of the number of items that a step looks at. */
const minStep = 64;
const maxStep = 2_048;
/** How long one sweep may remove leases that have ended, ms: nothing waits for it. */
const removalMs = 1;
/** Number of leases that are removed between two readings of time. */
const removedPerStep = 128;
/** Number of ended leases from which they are removed although others are due: they take memory. */
const maxEnded = 500_000;

type SweepSlice = (budget: number) => Pick<Sweep, 'expired' | 'more'>;

/** The result of a sweep that another owner's claim keeps from taking anything. */
export const nothingDue = (): ReturnType<SweepSlice> => ({ expired: [], more: false });

/**
 * Returns a function that sweeps until nothing is due, the budget is used up or the slice is over. Once nothing is due it removes what has
 * ended; `more` tells that either is left.
 */
export function makeSweepSlice(state: State, run: Steps['run'], monotonicMs: () => number): SweepSlice {
  let size = minStep;
  const removeEnded = (untilMs: number): boolean => {
    while (removeSomeEnded(state, removedPerStep)) if (monotonicMs() >= untilMs) return true;
    return false;
  };
  return (budget) => {
    let nowMs = monotonicMs();
    const untilMs = nowMs + sliceMs;
    const expired: EventRun[] = [];
    let taken = 0;
    let more = true;
    do {
      const startedMs = nowMs;
      const before = expired.length;
      try {
        more = run(() => sweep(state, Math.min(size, budget - taken), expired));
      } catch (error) {
        // What the steps before took is recorded.
        expired.length = before;
        if (taken === 0) throw error;
        return { expired, more: false };
      }
      nowMs = monotonicMs();
      taken += countEvents(expired.slice(before));
      // What is due later is not in the caches of the processor when its sweep begins: its first steps are small again.
      size = more ? nextSize(size, nowMs - startedMs) : minStep;
    } while (more && taken < budget && nowMs < untilMs);
    if (!more || state.ended.length > maxEnded) more = removeEnded(nowMs + removalMs) || more;
    return { expired, more };
  };
}

/** Returns the size of the next step after one of that size took so long. */
function nextSize(size: number, tookMs: number): number {
  if (tookMs > 2 * stepMs) return Math.max(minStep, size >> 1);
  return tookMs < stepMs ? Math.min(maxStep, size * 2) : size;
}
