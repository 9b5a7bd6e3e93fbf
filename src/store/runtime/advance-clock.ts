/** Advances a lease clock and sweeps what becomes due. */
import { setImmediate } from 'node:timers/promises';
import type { ClockChange, ClockMoved, Driver } from '../driver.ts';
import type { EventRun } from '../event-runs.ts';

/** How long other nodes leave due leases to the node that advances the clock, ms; should it die, they continue then. */
const claimMs = 5_000;

export interface Advance extends Pick<ClockChange, 'tenant' | 'advanceMs' | 'toNext'> {
  readonly partition: number;
  readonly owner: string;
}

/** Resolves when everything that became due was recorded and passed to `onExpired`. */
export async function advanceClock(
  driver: Driver,
  { partition, owner, ...change }: Advance,
  onExpired: (runs: readonly EventRun[]) => void,
): Promise<ClockMoved> {
  // Else other nodes would take a part of the expiries, which the caller would miss.
  await driver.claimSweep(partition, owner, claimMs);
  try {
    const moved = await driver.setClock(partition, change);
    for (let more = true; more; ) {
      const swept = await driver.sweep(partition, owner, driver.sweepSize);
      onExpired(swept.expired);
      more = swept.more;
      if (more) await setImmediate();
    }
    return moved;
  } finally {
    await driver.claimSweep(partition, owner, 0);
  }
}
