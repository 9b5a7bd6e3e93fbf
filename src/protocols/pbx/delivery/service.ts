/** Delivery as a part of the app: begins when the app is ready, ends before it closes, and is counted. */
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Counter } from 'prom-client';
import type { App, ProtocolContext } from '../../kit/protocol.ts';
import { makeSender } from '../callback/send-report.ts';
import type { PbxConfiguration, PbxSettings } from '../configuration.ts';
import { makeSlots } from './concurrency.ts';
import { startDelivery } from './delivery.ts';
import type { Counted } from './delivery-log.ts';
import { addNote } from './diagnostics.ts';

const connectTimeoutMs = 3_000;
/** Attempts at one host and port at the same time. */
const mostPerTarget = 32;

/** Starts and stops with the app. */
export function deliverReports(
  app: App,
  { store, registry, wallMs, randomBytes }: ProtocolContext,
  config: PbxSettings,
  { access, policyFor, authorities }: PbxConfiguration,
): void {
  const reports = new Counter({
    name: 'heartbeatd_pbx_reports_total',
    help: 'PBX reports: delivered; attempts that failed; dropped (queue full), ended (no token wants them any more), dead (tried too often)',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  for (const outcome of ['delivered', 'failed', 'dropped', 'ended', 'dead'] satisfies Counted[])
    reports.inc({ outcome }, 0);

  const isSelf = (address: string, port: number): boolean => {
    const own = app.server.address() as AddressInfo | null;
    if (own?.port !== port) return false;
    const mine = Object.values(networkInterfaces()).flat();
    return address.startsWith('127.') || mine.some((known) => known?.address === address);
  };
  const abandon = new AbortController();
  const send = makeSender({
    policyFor,
    connectTimeoutMs: Math.min(connectTimeoutMs, config.pbxReportTimeoutMs),
    timeoutMs: config.pbxReportTimeoutMs,
    verifyTls: config.pbxVerifyTls,
    authorities,
    signal: abandon.signal,
    isSelf,
  });

  let stop: (() => Promise<void>) | undefined;
  app.addHook('onReady', async () => {
    const delivery = startDelivery({
      store,
      node: randomBytes(8).toString('hex'),
      slots: makeSlots(config.pbxReportConcurrency, mostPerTarget),
      send,
      queueLength: config.pbxReportQueue,
      maxAttempts: config.pbxReportAttempts,
      // On a Cloud PBX nothing prolongs a token.
      prolongMs: config.pbxFlavour === 'cloud' ? undefined : config.pbxTokenTtlSeconds * 1_000,
      mayReport: (user) => access.permits(user, 'reports'),
      wallMs,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      count: (outcome, by) => reports.inc({ outcome }, by),
      warn: (what, { err, ...about }) => {
        app.log.warn({ ...about, err }, `pbx: ${what}`);
        if (err === undefined) addNote(store, { atMs: wallMs(), what, ...about });
      },
      abandon: () => abandon.abort(),
    });
    stop = () => delivery.stop();
  });
  app.addHook('preClose', async () => stop?.());
}
