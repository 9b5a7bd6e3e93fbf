/** Metrics of the queues of reports, read when the metrics are. */
import { Gauge, type Registry } from 'prom-client';

/** What is measured of one queue. */
export interface MeasuredQueue {
  readonly waiting: number;
  readonly retrying: number;
}

/** Adds the number of waiting and of failing reports; `queues` may reject, and then the gauges have no value. */
export function gaugeQueues(registry: Registry, queues: () => Promise<readonly MeasuredQueue[]>): void {
  new Gauge({
    name: 'heartbeatd_pbx_reports_waiting',
    help: 'PBX reports that are queued in the store, by whether an attempt has failed',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { waiting, retrying } of await queues().catch(() => [])) {
        this.inc({ state: 'waiting' }, waiting);
        this.inc({ state: 'retrying' }, retrying);
      }
    },
  });
}
