/** Delivery as a part of the app: starts when the app is ready, stops before it closes, and is counted. */
import { Counter, type Registry } from 'prom-client';
import type { App } from '../../kit/protocol.ts';
import type { PbxContext } from '../api/context.ts';
import { makeConcurrency } from './concurrency.ts';
import { type Delivery, startDelivery } from './delivery.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { outcomes } from './delivery-log.ts';
import { recordDiagnostic } from './diagnostics.ts';

/** Concurrent attempts to one host and port. */
const maxPerTarget = 32;

/** Delivers reports while the app runs. Returns what an advance of the clock asks of the delivery. */
export function deliverReports(
  app: App,
  context: PbxContext,
  registry: Registry,
): Pick<Delivery, 'nextMs' | 'settle'> {
  const { settings, access, randomBytes, store, wallMs } = context;
  const deliveryLog = makeDeliveryLog(context, registry);
  let delivery: Delivery | undefined;
  const abandoning = new AbortController();
  context.ownAddress.listen(app);
  app.addHook('onReady', async () => {
    delivery = startDelivery({
      ...deliveryLog,
      store,
      node: randomBytes(8).toString('hex'),
      concurrency: makeConcurrency({ max: settings.pbxReportConcurrency, maxPerTarget }),
      send: context.send,
      outgoing: context.interceptor?.outgoing,
      abandoned: abandoning.signal,
      queueLength: settings.pbxReportQueue,
      maxAttempts: settings.pbxReportAttempts,
      // On a Cloud PBX only a refresh extends a token.
      renewMs: settings.pbxFlavour === 'cloud' ? undefined : settings.pbxTokenTtlSeconds * 1_000,
      mayReceive: (user) => access.hasPermission(user, 'reports'),
      wallMs,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      abandon() {
        abandoning.abort();
        context.abandonAttempts();
      },
    });
  });
  app.addHook('preClose', async () => delivery?.stop());
  return { nextMs: () => delivery?.nextMs(), settle: async () => delivery?.settle() };
}

function makeDeliveryLog({ store, log, wallMs, emit }: PbxContext, registry: Registry): DeliveryLog {
  const reports = new Counter({
    name: 'heartbeatd_pbx_reports_total',
    help: 'PBX reports: delivered; failed attempts; dropped (queue full); ended (no live token wants them); dead (attempts used up)',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  for (const outcome of outcomes) reports.inc({ outcome }, 0);
  return {
    log,
    emit,
    count: (outcome, by) => reports.inc({ outcome }, by),
    warn(message, { err, ...about }) {
      log.warn({ ...about, err }, `pbx ${message}`);
      if (err === undefined) void recordDiagnostic(store, { atMs: wallMs(), message, ...about });
    },
  };
}
