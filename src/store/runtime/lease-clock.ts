/**
 * Time as leases see it: wall time with three repairs. It never goes back; between two ticks it advances at most one
 * bounded step, so that a paused laptop, a stopped container, an outage or a clock jump cannot expire everybody at
 * once; and it can be frozen and moved on purpose. The Redis driver computes the same in its scripts.
 *
 * One step is much for clients that beat twice in a timeout of a few seconds. A file that no process has is therefore no
 * time at all for what is in it: see the embedded driver. Over Redis a node cannot know that no other one served.
 */

/** The most that the clock advances between two ticks, ms. */
export const maxStepMs = 2_000;

export interface LeaseClock {
  /** The reading at the last tick, ms. */
  readonly leaseMs: number;
  /** Wall time at the last tick, ms since 1970. */
  readonly wallMs: number;
  readonly frozen: boolean;
}

export function startClock(wallMs: number): LeaseClock {
  return { leaseMs: wallMs, wallMs, frozen: false };
}

/** The reading at `wallMs`. */
export function readLeaseClock(clock: LeaseClock, wallMs: number): number {
  if (clock.frozen) return clock.leaseMs;
  return clock.leaseMs + Math.min(Math.max(wallMs - clock.wallMs, 0), maxStepMs);
}

/** The clock with its reading at `wallMs` written down: what follows may advance one step more. */
export function tick(clock: LeaseClock, wallMs: number): LeaseClock {
  return { leaseMs: readLeaseClock(clock, wallMs), wallMs, frozen: clock.frozen };
}

/** Moves the clock on and freezes or thaws it. Throws RangeError for a step that is negative or not finite. */
export function changeClock(
  clock: LeaseClock,
  wallMs: number,
  change: { readonly advanceMs?: number; readonly frozen?: boolean },
): LeaseClock {
  const advanceMs = change.advanceMs ?? 0;
  if (!Number.isFinite(advanceMs) || advanceMs < 0) {
    throw new RangeError(`the lease clock cannot advance by ${advanceMs} ms`);
  }
  const now = tick(clock, wallMs);
  return { ...now, leaseMs: now.leaseMs + Math.floor(advanceMs), frozen: change.frozen ?? now.frozen };
}
