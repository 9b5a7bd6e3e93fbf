/** Advances a lease clock and sweeps what becomes due. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ClockChange, ClockMoved, Driver } from '../driver.ts';
import type { EventRun } from '../event-runs.ts';

/** How long other nodes leave due leases to the node that advances the clock, ms; should it die, they continue then. */
const claimMs = 5_000;
/** Pause between two sweeps while another node sweeps what it made due of the same clock, ms. */
const heldBackPauseMs = 5;

export interface Advance extends Pick<ClockChange, 'tenant' | 'advanceMs' | 'toNext'> {
  readonly partition: number;
  readonly owner: string;
}

/**
 * Resolves when everything that became due was recorded. It was passed to `onExpired`, unless another node advanced the same clock
 * meanwhile and recorded a part.
 */
export async function advanceClock(
  driver: Driver,
  { partition, owner, ...change }: Advance,
  onExpired: (runs: readonly EventRun[]) => void,
): Promise<ClockMoved> {
  // Else other nodes would take a part of the expiries, which the caller would miss.
  await driver.claimSweep(partition, owner, claimMs, change.tenant);
  const untilMs = performance.now() + claimMs;
  try {
    const moved = await driver.setClock(partition, change);
    for (let more = true; more; ) {
      const swept = await driver.sweep(partition, owner, driver.sweepSize);
      onExpired(swept.expired);
      const isHeldBack = swept.heldBack === true && performance.now() < untilMs;
      more = swept.more || isHeldBack;
      if (isHeldBack) await setTimeout(heldBackPauseMs);
      else if (more) await setImmediate();
    }
    return moved;
  } finally {
    await driver.claimSweep(partition, owner, 0, change.tenant);
  }
}
