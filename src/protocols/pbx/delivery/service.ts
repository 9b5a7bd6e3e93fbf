/** What the deliveries of all tenants share: the places for attempts, the counts, and the end. */
import { Counter, type Registry } from 'prom-client';
import type { PbxContext } from '../api/context.ts';
import { makeConcurrency } from './concurrency.ts';
import { type Delivery, startDelivery } from './delivery.ts';
import type { DeliveryLog, Outcome } from './delivery-log.ts';
import { outcomes } from './delivery-log.ts';
import { recordDiagnostic } from './diagnostics.ts';

/** Concurrent attempts to one host and port. */
const maxPerTarget = 32;

/** Returns the function that starts the delivery of a tenant. */
export function makeDeliveries(
  { settings, access, randomBytes }: PbxContext,
  registry: Registry,
): (context: PbxContext, isStopping: () => boolean) => Delivery {
  const concurrency = makeConcurrency({ max: settings.pbxReportConcurrency, maxPerTarget });
  const count = makeCount(registry);
  const node = randomBytes(8).toString('hex');
  return (context, isStopping) => {
    const abandoning = new AbortController();
    return startDelivery({
      ...makeDeliveryLog(context, count),
      store: context.store,
      node,
      concurrency,
      send: context.send,
      outgoing: context.interceptor?.outgoing,
      abandoned: abandoning.signal,
      queueLength: settings.pbxReportQueue,
      maxAttempts: settings.pbxReportAttempts,
      // On a Cloud PBX only a refresh extends a token.
      renewMs: settings.pbxFlavour === 'cloud' ? undefined : settings.pbxTokenTtlSeconds * 1_000,
      mayReceive: (user) => access.hasPermission(user, 'reports'),
      wallMs: context.wallMs,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      abandon() {
        abandoning.abort();
        if (isStopping()) context.abandonAttempts();
      },
    });
  };
}

function makeCount(registry: Registry): DeliveryLog['count'] {
  const reports = new Counter({
    name: 'heartbeatd_pbx_reports_total',
    help: 'PBX reports: delivered; failed attempts; dropped (queue full); ended (no live token wants them); dead (attempts used up)',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  for (const outcome of outcomes) reports.inc({ outcome }, 0);
  return (outcome: Outcome, by) => reports.inc({ outcome }, by);
}

function makeDeliveryLog({ store, log, wallMs, emit }: PbxContext, count: DeliveryLog['count']): DeliveryLog {
  return {
    tenant: store.tenant,
    log,
    emit,
    count,
    warn(message, { err, ...about }) {
      log.warn({ ...about, err }, `pbx ${message}`);
      if (err === undefined) void recordDiagnostic(store, { atMs: wallMs(), message, ...about });
    },
  };
}
