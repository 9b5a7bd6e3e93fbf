/**
 * The lease clock: wall time with three corrections. It never goes back; between two ticks it advances by at most
 * `maxClockStepMs`; and it can be frozen and advanced on purpose. The Redis driver computes the same in its scripts
 * (`redis/lua/shared/partition.lua`).
 *
 * One step may be much for clients that beat twice in a timeout of a few seconds. The embedded driver therefore does not
 * count the time during which no process has its file; over Redis a node cannot know that no other node served.
 *
 * The date is what clients see of time. It is moved and frozen with the lease clock, but misses no wall time: it is wall
 * time, as long as the clock is not moved. It never goes back; after wall time did, it runs at half speed until that is there.
 */
import { lastDateMs, maxClockStepMs } from '../limits.ts';

export interface LeaseClock {
  /** The reading at the last tick, ms. */
  readonly leaseMs: number;
  /** Wall time at the last tick, ms since 1970. */
  readonly wallMs: number;
  readonly frozen: boolean;
  /** By how much the date is ahead of the reading, ms: the wall time that the lease clock did not count. */
  readonly lagMs: number;
  /** By how much the date is ahead of where it should be because wall time went back, ms. */
  readonly aheadMs: number;
}

export interface ClockMovement {
  readonly advanceMs?: number;
  readonly frozen?: boolean;
}

/** Returns a running clock that reads wall time. */
export function startClock(wallMs: number): LeaseClock {
  return { leaseMs: wallMs, wallMs, frozen: false, lagMs: 0, aheadMs: 0 };
}

const elapsedMs = (clock: LeaseClock, wallMs: number): number =>
  clock.frozen ? 0 : Math.max(wallMs - clock.wallMs, 0);

/** Returns the reading at `wallMs`. */
export function readLeaseClock(clock: LeaseClock, wallMs: number): number {
  return clock.leaseMs + Math.min(elapsedMs(clock, wallMs), maxClockStepMs);
}

/** Returns by how much the date at `wallMs` is ahead of the reading, ms. */
export function readLag(clock: LeaseClock, wallMs: number): number {
  return clock.lagMs + Math.max(elapsedMs(clock, wallMs) - maxClockStepMs, 0);
}

/** Returns the date at `wallMs`, ms since 1970. */
export function readDate(clock: LeaseClock, wallMs: number): number {
  return clock.leaseMs + clock.lagMs + elapsedMs(clock, wallMs);
}

/** Returns the clock with its reading at `wallMs` recorded, from where it may advance by one step more. */
export function tick(clock: LeaseClock, wallMs: number): LeaseClock {
  if (clock.frozen) return { ...clock, wallMs };
  const aheadMs = clock.aheadMs + Math.max(clock.wallMs - wallMs, 0);
  const caughtUpMs = Math.min(aheadMs, Math.floor(elapsedMs(clock, wallMs) / 2));
  return {
    leaseMs: readLeaseClock(clock, wallMs),
    wallMs,
    frozen: false,
    lagMs: readLag(clock, wallMs) - caughtUpMs,
    aheadMs: aheadMs - caughtUpMs,
  };
}

/** Advances the clock and freezes or thaws it. Throws RangeError for an advance that `checkAdvance` refuses. */
export function changeClock(clock: LeaseClock, wallMs: number, change: ClockMovement): LeaseClock {
  const advanceMs = change.advanceMs ?? 0;
  const now = tick(clock, wallMs);
  checkAdvance(advanceMs, readDate(now, wallMs));
  return { ...now, leaseMs: now.leaseMs + Math.floor(advanceMs), frozen: change.frozen ?? now.frozen };
}

/** Throws RangeError for an advance that is negative, not finite, or goes beyond the last date. `dateMs`: the date before it. */
export function checkAdvance(advanceMs: number, dateMs = 0): void {
  if (!Number.isFinite(advanceMs) || advanceMs < 0) {
    throw new RangeError(`the lease clock cannot advance by ${advanceMs} ms`);
  }
  if (advanceMs > 0 && dateMs + advanceMs > lastDateMs) {
    throw new RangeError(`the clock cannot advance beyond ${new Date(lastDateMs).toISOString()}`);
  }
}

/** Throws RangeError for a date that no clock may show. */
export function checkDate(dateMs: number): void {
  if (dateMs >= 0 && dateMs <= lastDateMs) return;
  throw new RangeError(`a clock shows dates from 1970 to ${new Date(lastDateMs).toISOString()} only`);
}
