/**
 * The lease clock: wall time with three corrections. It never goes back; between two ticks it advances by at most
 * `maxClockStepMs`; and it can be frozen and advanced on purpose. The Redis driver computes the same in its scripts
 * (`redis/lua/shared/partition.lua`).
 *
 * One step may be much for clients that beat twice in a timeout of a few seconds. The embedded driver therefore does not
 * count the time during which no process has its file; over Redis a node cannot know that no other node served.
 */
import { maxClockStepMs } from '../limits.ts';

export interface LeaseClock {
  /** The reading at the last tick, ms. */
  readonly leaseMs: number;
  /** Wall time at the last tick, ms since 1970. */
  readonly wallMs: number;
  readonly frozen: boolean;
}

/** Returns a running clock that reads wall time. */
export function startClock(wallMs: number): LeaseClock {
  return { leaseMs: wallMs, wallMs, frozen: false };
}

/** Returns the reading at `wallMs`. */
export function readLeaseClock(clock: LeaseClock, wallMs: number): number {
  if (clock.frozen) return clock.leaseMs;
  return clock.leaseMs + Math.min(Math.max(wallMs - clock.wallMs, 0), maxClockStepMs);
}

/** Returns the clock with its reading at `wallMs` recorded, from where it may advance by one step more. */
export function tick(clock: LeaseClock, wallMs: number): LeaseClock {
  return { leaseMs: readLeaseClock(clock, wallMs), wallMs, frozen: clock.frozen };
}

/** Advances the clock and freezes or thaws it. Throws RangeError for an advance that is negative or not finite. */
export function changeClock(
  clock: LeaseClock,
  wallMs: number,
  change: { readonly advanceMs?: number; readonly frozen?: boolean },
): LeaseClock {
  const advanceMs = change.advanceMs ?? 0;
  checkAdvance(advanceMs);
  const now = tick(clock, wallMs);
  return { ...now, leaseMs: now.leaseMs + Math.floor(advanceMs), frozen: change.frozen ?? now.frozen };
}

/** Throws RangeError if a lease clock cannot advance by this much. */
export function checkAdvance(advanceMs: number): void {
  if (!Number.isFinite(advanceMs) || advanceMs < 0) {
    throw new RangeError(`the lease clock cannot advance by ${advanceMs} ms`);
  }
}
