/** The methods of the store that read, move, freeze and thaw lease clocks. */
import type { ClockChange, Driver } from '../driver.ts';
import type { Tenant, TenantEvent } from '../leases.ts';
import type { Store } from '../store.ts';
import { advanceClock } from './advance-clock.ts';

export type ClockMethods = Pick<
  Store,
  'readClock' | 'advanceClock' | 'stepClock' | 'freezeClock' | 'thawClock' | 'followClock'
>;

export interface ClockOptions {
  readonly owner: string;
  readonly observe: Store['observe'];
  /** Publishes events of an advance to the observers. */
  readonly onExpired: (events: readonly TenantEvent[]) => void;
}

/** Returns the methods over a driver. */
export function clockMethods(driver: Driver, options: ClockOptions): ClockMethods {
  const change = async (parts: Pick<ClockChange, 'tenant' | 'frozen'>): Promise<void> => {
    await onPartitions(driver, parts.tenant, (partition) => driver.setClock(partition, parts));
  };
  const advance = async (
    change: { readonly advanceMs: number; readonly toNext: boolean },
    tenant: Tenant | undefined,
  ) => {
    const expired: TenantEvent[] = [];
    // The sweeper and commands of this node may record a part of the expiries.
    const stopObserving = options.observe((event) => {
      const isMoved = tenant === undefined || event.tenant === tenant;
      if (event.type === 'expired' && isMoved) expired.push(event);
    });
    try {
      const moved = await onPartitions(driver, tenant, (partition) =>
        advanceClock(driver, { partition, owner: options.owner, tenant, ...change }, options.onExpired),
      );
      return { moved, expired };
    } finally {
      stopObserving();
    }
  };
  return {
    async readClock(tenant) {
      const readings = await onPartitions(driver, tenant, (partition) => driver.readClock(partition, tenant));
      return readings.reduce((behind, reading) => (reading.leaseMs < behind.leaseMs ? reading : behind));
    },
    async advanceClock(advanceMs, tenant) {
      return (await advance({ advanceMs, toNext: false }, tenant)).expired;
    },
    async stepClock(advanceMs, tenant) {
      const { moved, expired } = await advance({ advanceMs, toNext: true }, tenant);
      const [clock] = moved;
      if (clock === undefined) throw new Error('the store has no partitions');
      return { clock, expired };
    },
    freezeClock: (tenant) => change({ tenant, frozen: true }),
    thawClock: (tenant) => change({ tenant, frozen: false }),
    async followClock(tenant) {
      await driver.setClock(driver.partitionOf(tenant), { tenant, follow: true });
    },
  };
}

/** Makes a step on the partition of a tenant, or on all partitions. */
function onPartitions<T>(
  driver: Driver,
  tenant: Tenant | undefined,
  step: (partition: number) => Promise<T>,
): Promise<T[]> {
  return tenant === undefined
    ? everyPartition(driver, step)
    : Promise.all([step(driver.partitionOf(tenant))]);
}

/** Makes a step on every partition. */
export function everyPartition<T>(driver: Driver, step: (partition: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: driver.partitions }, (_, partition) => step(partition)));
}
