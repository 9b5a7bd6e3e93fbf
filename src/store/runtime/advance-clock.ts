/** Advances the lease clock of one partition and sweeps what becomes due. */
import { setImmediate } from 'node:timers/promises';
import type { Driver } from '../driver.ts';
import type { TenantEvent } from '../leases.ts';

/** How long other nodes leave due leases to the node that advances the clock, ms; should it die, they continue then. */
const claimMs = 5_000;

/** Resolves when everything that became due was recorded and passed to `onExpired`. */
export async function advanceClock(
  driver: Driver,
  { partition, owner, advanceMs }: { partition: number; owner: string; advanceMs: number },
  onExpired: (events: readonly TenantEvent[]) => void,
): Promise<void> {
  // Else other nodes would take a part of the expiries, which the caller would miss.
  await driver.claimSweep(partition, owner, claimMs);
  await driver.setClock(partition, { advanceMs });
  for (let more = true; more; ) {
    const swept = await driver.sweep(partition, owner, driver.sweepSize);
    onExpired(swept.expired);
    more = swept.more;
    if (more) await setImmediate();
  }
  await driver.claimSweep(partition, owner, 0);
}
