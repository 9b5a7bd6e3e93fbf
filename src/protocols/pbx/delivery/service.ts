/** Delivery as a part of the app: starts when the app is ready, stops before it closes, and is counted. */
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Counter, type Registry } from 'prom-client';
import type { App } from '../../kit/protocol.ts';
import type { PbxContext } from '../api/context.ts';
import { makeSender } from '../callback/send-report.ts';
import { makeConcurrency } from './concurrency.ts';
import { startDelivery } from './delivery.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { outcomes } from './delivery-log.ts';
import { recordDiagnostic } from './diagnostics.ts';

const maxConnectMs = 3_000;
/** Concurrent attempts to one host and port. */
const maxPerTarget = 32;

/** Delivers reports while the app runs. */
export function deliverReports(app: App, context: PbxContext, registry: Registry): void {
  const { settings, access, randomBytes, store, wallMs } = context;
  const deliveryLog = makeDeliveryLog(context, registry);
  const abandoning = new AbortController();
  const send = makeSender({
    policyFor: context.policyFor,
    connectTimeoutMs: Math.min(maxConnectMs, settings.pbxReportTimeoutMs),
    timeoutMs: settings.pbxReportTimeoutMs,
    verifyTls: settings.pbxVerifyTls,
    authorities: context.authorities,
    signal: abandoning.signal,
    isSelf: (address, port) => isOwnAddress(app, address, port),
  });
  let stop: (() => Promise<void>) | undefined;
  app.addHook('onReady', async () => {
    const delivery = startDelivery({
      ...deliveryLog,
      store,
      node: randomBytes(8).toString('hex'),
      concurrency: makeConcurrency({ max: settings.pbxReportConcurrency, maxPerTarget }),
      send,
      queueLength: settings.pbxReportQueue,
      maxAttempts: settings.pbxReportAttempts,
      // On a Cloud PBX only a refresh extends a token.
      renewMs: settings.pbxFlavour === 'cloud' ? undefined : settings.pbxTokenTtlSeconds * 1_000,
      mayReceive: (user) => access.hasPermission(user, 'reports'),
      wallMs,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      abandon: () => abandoning.abort(),
    });
    stop = () => delivery.stop();
  });
  app.addHook('preClose', async () => stop?.());
}

function makeDeliveryLog({ store, log, wallMs }: PbxContext, registry: Registry): DeliveryLog {
  const reports = new Counter({
    name: 'heartbeatd_pbx_reports_total',
    help: 'PBX reports: delivered; failed attempts; dropped (queue full); ended (no live token wants them); dead (attempts used up)',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  for (const outcome of outcomes) reports.inc({ outcome }, 0);
  return {
    log,
    count: (outcome, by) => reports.inc({ outcome }, by),
    warn(message, { err, ...about }) {
      log.warn({ ...about, err }, `pbx ${message}`);
      if (err === undefined) void recordDiagnostic(store, { atMs: wallMs(), message, ...about });
    },
  };
}

/** Returns whether an address and port are those that the app listens on. */
function isOwnAddress(app: App, address: string, port: number): boolean {
  const own = app.server.address() as AddressInfo | null;
  if (own?.port !== port) return false;
  const interfaces = Object.values(networkInterfaces()).flat();
  return address.startsWith('127.') || interfaces.some((known) => known?.address === address);
}
