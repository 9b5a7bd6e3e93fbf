/** The methods of the store that read, move, freeze and thaw lease clocks. */
import type { ClockChange, Driver } from '../driver.ts';
import type { EventRun } from '../event-runs.ts';
import type { Tenant, TenantEvent } from '../leases.ts';
import type { Store } from '../store.ts';
import { advanceClock } from './advance-clock.ts';

export type ClockMethods = Pick<
  Store,
  'readClock' | 'advanceClock' | 'stepClock' | 'freezeClock' | 'thawClock' | 'followClock' | 'ownClocks'
>;

export interface ClockOptions {
  readonly owner: string;
  readonly observe: Store['observe'];
  /** Publishes events of an advance to the observers. */
  readonly onExpired: (runs: readonly EventRun[]) => void;
  /** Called after the clock of a tenant, or of all, was moved and swept. */
  readonly onMoved: (tenant: Tenant | undefined) => void;
}

/** Returns the methods over a driver. */
export function clockMethods(driver: Driver, options: ClockOptions): ClockMethods {
  const change = async (parts: Pick<ClockChange, 'tenant' | 'frozen'>): Promise<void> => {
    await onPartitions(driver, parts.tenant, (partition) => driver.setClock(partition, parts));
  };
  /** Advances a clock on some partitions, and returns what expired there. */
  const advance = async (
    partitions: readonly number[],
    parts: { readonly tenant?: Tenant | undefined; readonly advanceMs: number; readonly toNext: boolean },
  ) => {
    const expired: TenantEvent[] = [];
    // The sweeper and commands of this node may record a part of the expiries.
    const stopObserving = options.observe((event) => {
      const isMoved =
        parts.tenant === undefined
          ? partitions.includes(driver.partitionOf(event.tenant))
          : event.tenant === parts.tenant;
      if (event.type === 'expired' && isMoved) expired.push(event);
    });
    try {
      const moved = await Promise.all(
        partitions.map((partition) =>
          advanceClock(driver, { partition, owner: options.owner, ...parts }, options.onExpired),
        ),
      );
      options.onMoved(parts.tenant);
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
      const partitions = partitionsOf(driver, tenant);
      return (await advance(partitions, { tenant, advanceMs, toNext: false })).expired;
    },
    async stepClock(scope, change) {
      const tenant = 'tenant' in scope ? scope.tenant : undefined;
      const partition = 'tenant' in scope ? driver.partitionOf(scope.tenant) : scope.partition;
      const { moved, expired } = await advance([partition], { tenant, ...change });
      const [clock] = moved;
      if (clock === undefined) throw new Error('the store has no partitions');
      return { clock, expired };
    },
    freezeClock: (tenant) => change({ tenant, frozen: true }),
    thawClock: (tenant) => change({ tenant, frozen: false }),
    async followClock(tenant) {
      await driver.setClock(driver.partitionOf(tenant), { tenant, follow: true });
    },
    async ownClocks() {
      return (await everyPartition(driver, (partition) => driver.ownClocks(partition))).flat();
    },
  };
}

function partitionsOf(driver: Driver, tenant: Tenant | undefined): readonly number[] {
  return tenant === undefined ? [...Array(driver.partitions).keys()] : [driver.partitionOf(tenant)];
}

/** Makes a step on the partition of a tenant, or on all partitions. */
function onPartitions<T>(
  driver: Driver,
  tenant: Tenant | undefined,
  step: (partition: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(partitionsOf(driver, tenant).map(step));
}

/** Makes a step on every partition. */
export function everyPartition<T>(driver: Driver, step: (partition: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: driver.partitions }, (_, partition) => step(partition)));
}
