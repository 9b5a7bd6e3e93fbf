/** Prometheus metrics of one server, in a registry of their own. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { LeaseEvent, Store, TenantSize } from '../../store/store.ts';
import { version } from '../../version.ts';
import { makeHistogram } from './histogram.ts';
import { type CountRequest, requestCounter } from './request-counter.ts';

export interface Metrics {
  readonly registry: Registry;
  readonly request: CountRequest;
  /** Counts a batch of store commands. */
  storeBatch(commands: number, failed: boolean, milliseconds: number): void;
  sweepFailed(): void;
}

/** Returns the protocol that a tenant belongs to: the first part of its name. */
export function protocolOf(tenant: string): string {
  const slash = tenant.indexOf('/');
  return slash === -1 ? tenant : tenant.slice(0, slash);
}

/** Makes the metrics; `watch` adds those that are read from the store, which is opened later than its first metrics are counted. */
export function makeMetrics(): Metrics & { watch(store: Store): void } {
  const registry = new Registry();
  const registers = [registry];
  const countLeaseEvents = leaseEventCounter(registers);
  const lateness = makeHistogram({
    name: 'heartbeatd_expiry_lateness_seconds',
    help: 'From a deadline to its expiry recorded by this node',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })({});
  const storeDurations = makeHistogram({
    name: 'heartbeatd_store_batch_duration_seconds',
    help: 'Batches of store commands',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5],
    registers,
  })({});
  const storeCommands = new Counter({
    name: 'heartbeatd_store_commands_total',
    help: 'Store commands, by the outcome of their batch',
    labelNames: ['outcome'] as const,
    registers,
  });
  const sweepFailures = new Counter({
    name: 'heartbeatd_sweep_failures_total',
    help: 'Sweeps that failed',
    registers,
  });

  const countRequest = requestCounter(registers);
  new Gauge({
    name: 'heartbeatd_build_info',
    help: 'Always 1; the labels tell what runs',
    labelNames: ['version', 'node'] as const,
    registers,
  }).set({ version, node: process.version }, 1);

  return {
    registry,
    request: countRequest,
    storeBatch(commands, failed, milliseconds) {
      storeDurations.observe(milliseconds / 1_000);
      storeCommands.inc({ outcome: failed ? 'failed' : 'answered' }, commands);
    },
    sweepFailed: () => sweepFailures.inc(),
    watch(store) {
      store.observeRuns(({ tenant, type, lateMs, holders }) => {
        countLeaseEvents(tenant, type, holders.length);
        if (type === 'expired') lateness.observe(lateMs / 1_000, holders.length);
      });
      gaugeTenants(store, registers);
      gaugeStore(store, registers);
    },
  };
}

/** Returns the function that counts events of leases. */
function leaseEventCounter(
  registers: Registry[],
): (tenant: string, type: LeaseEvent['type'], count: number) => void {
  const counts = new Map<string, Record<LeaseEvent['type'], number>>();
  new Counter({
    name: 'heartbeatd_lease_events_total',
    help: 'Leases granted, released, expired and changed by this node',
    labelNames: ['protocol', 'type'] as const,
    registers,
    collect() {
      this.reset();
      for (const [protocol, byType] of counts) {
        for (const [type, count] of Object.entries(byType))
          if (count > 0) this.inc({ protocol, type }, count);
      }
    },
  });
  return (tenant, type, count) => {
    const protocol = protocolOf(tenant);
    let byType = counts.get(protocol);
    if (byType === undefined) {
      byType = noLeaseEvents();
      counts.set(protocol, byType);
    }
    byType[type] += count;
  };
}

const noLeaseEvents = (): Record<LeaseEvent['type'], number> => ({
  granted: 0,
  released: 0,
  expired: 0,
  changed: 0,
});

/** How many tenants have a series each: those with the most bytes. */
const maxTenantSeries = 20;

/** Adds what the tenants hold, which is read once when the metrics are. */
function gaugeTenants(store: Store, registers: Registry[]): void {
  let reading: Promise<readonly TenantSize[]> | undefined;
  const read = (): Promise<readonly TenantSize[]> => {
    reading ??= store
      .tenants()
      .catch(() => [])
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const byProtocol = (name: string, help: string, count: 'leases' | 'bytes'): void => {
    new Gauge({
      name,
      help,
      labelNames: ['protocol'] as const,
      registers,
      async collect() {
        this.reset();
        for (const size of await read()) this.inc({ protocol: protocolOf(size.tenant) }, size[count]);
      },
    });
  };
  byProtocol('heartbeatd_leases', 'Leases held in the store, by all nodes', 'leases');
  byProtocol(
    'heartbeatd_store_bytes',
    'Names and contents of what is held in the store, by all nodes',
    'bytes',
  );
  new Gauge({
    name: 'heartbeatd_tenant_bytes',
    help: `The part of heartbeatd_store_bytes of each of the ${maxTenantSeries} largest tenants`,
    labelNames: ['tenant'] as const,
    registers,
    async collect() {
      this.reset();
      const largest = (await read()).toSorted((a, b) => b.bytes - a.bytes).slice(0, maxTenantSeries);
      for (const { tenant, bytes } of largest) this.set({ tenant }, bytes);
    },
  });
}

/** Adds whether the store answers, and how far its lease clock is from wall time. */
function gaugeStore(store: Store, registers: Registry[]): void {
  new Gauge({
    name: 'heartbeatd_store_up',
    help: '1 if any partition of the store answers, else 0',
    registers,
    async collect() {
      this.set(
        await store.ping().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  new Gauge({
    name: 'heartbeatd_clock_frozen',
    help: '1 while the lease clock is frozen, so that nothing expires, else 0',
    registers,
    async collect() {
      const clock = await store.readClock().catch(() => undefined);
      if (clock === undefined) this.reset();
      else this.set(clock.frozen ? 1 : 0);
    },
  });
}
