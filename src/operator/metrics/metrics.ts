/** Prometheus metrics, in a registry of their own. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../../store/store.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Counts an answered request. `operation` is the route, never the path: paths have no bound. */
  request(protocol: string, operation: string, status: number, seconds: number): void;
  /** Notes a batch of store commands. */
  storeBatch(commands: number, failed: boolean, milliseconds: number): void;
  sweepFailed(): void;
}

/** The space of a tenant is the protocol it belongs to. */
export function protocolOf(tenant: string): string {
  return tenant.split('/', 1)[0] ?? '';
}

/** `store` is looked at when metrics are read, and may be set later: metrics of the store begin before it is open. */
export function makeMetrics(): Metrics & { watch(store: Store): void } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'heartbeatd_requests_total',
    help: 'Requests answered',
    labelNames: ['protocol', 'operation', 'status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'heartbeatd_request_duration_seconds',
    help: 'From the request read to the answer sent',
    labelNames: ['protocol'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const steps = new Counter({
    name: 'heartbeatd_lease_events_total',
    help: 'Leases granted, released, expired and changed by this node',
    labelNames: ['protocol', 'type'] as const,
    registers,
  });
  const lateness = new Histogram({
    name: 'heartbeatd_expiry_lateness_seconds',
    help: 'From a deadline to its expiry recorded by this node',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const storeDurations = new Histogram({
    name: 'heartbeatd_store_batch_duration_seconds',
    help: 'Batches of store commands',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5],
    registers,
  });
  const storeCommands = new Counter({
    name: 'heartbeatd_store_commands_total',
    help: 'Store commands asked, by what became of their batch',
    labelNames: ['outcome'] as const,
    registers,
  });
  const sweepFailures = new Counter({
    name: 'heartbeatd_sweep_failures_total',
    help: 'Sweeps that failed',
    registers,
  });

  return {
    registry,
    request(protocol, operation, status, seconds) {
      requests.inc({ protocol, operation, status });
      durations.observe({ protocol }, seconds);
    },
    storeBatch(commands, failed, milliseconds) {
      storeDurations.observe(milliseconds / 1_000);
      storeCommands.inc({ outcome: failed ? 'failed' : 'answered' }, commands);
    },
    sweepFailed: () => sweepFailures.inc(),
    watch(store) {
      store.observe(({ tenant, type, lateMs }) => {
        steps.inc({ protocol: protocolOf(tenant), type });
        if (type === 'expired') lateness.observe(lateMs / 1_000);
      });
      new Gauge({
        name: 'heartbeatd_leases',
        help: 'Leases held in the store, by all nodes',
        labelNames: ['protocol'] as const,
        registers,
        async collect() {
          this.reset();
          for (const { tenant, leases } of await store.tenants().catch(() => [])) {
            this.inc({ protocol: protocolOf(tenant) }, leases);
          }
        },
      });
    },
  };
}
