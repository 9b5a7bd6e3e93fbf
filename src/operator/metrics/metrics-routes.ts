/** Metrics for Prometheus. */
import type { App } from '../../protocols/kit/protocol.ts';
import { tags } from '../schemas.ts';
import type { Metrics } from './metrics.ts';
import { processMetrics } from './process-metrics.ts';

/** Registers `GET /metrics`. */
export function metricsRoutes(app: App, { registry }: Pick<Metrics, 'registry'>): void {
  const schema = {
    tags,
    operationId: 'getMetrics',
    summary: 'Metrics in the Prometheus text format',
    produces: ['text/plain'],
  };
  app.get('/metrics', { schema }, async (_request, reply) =>
    reply
      .type(registry.contentType)
      .send([await processMetrics().metrics(), await registry.metrics()].join('\n')),
  );
}
