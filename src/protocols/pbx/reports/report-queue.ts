/**
 * Reports in the order in which they happened, once for all applications: a topic with dense positions. How far each callback has
 * got is stored beside it, so a report costs one append however many applications there are.
 */
import type { Commit, DocumentWrite } from '../../../store/store.ts';
import { keepCallRecord } from '../records/call-records.ts';
import type { PbxStore } from '../tenant.ts';
import type { Report } from './catalog.ts';

export const reportsTopic = 'reports';
/** Wakes the delivering node for what no report says: a callback moved, a dead letter is to be sent again. */
export const wakeTopic = 'wake';

/** One entry of the queue, as JSON. */
export interface QueuedReport {
  readonly report: Report;
  /** Wall time, ms since 1970. */
  readonly atMs: number;
  /** Serial number of the PBX where it happened. */
  readonly serial: string;
}

export interface EnqueueOptions {
  readonly atMs: number;
  readonly serial: string;
  /** The oldest reports are dropped when there are more. */
  readonly keepEntries: number;
  /** Call records among the reports are kept for downloads; the oldest are dropped when there are more. */
  readonly keepCallRecords: number;
  /** Committed in the same step. */
  readonly writes?: readonly DocumentWrite[];
}

/** Appends reports. Returns false if a version of `writes` did not match: then nothing was appended. */
export async function enqueueReports(
  store: PbxStore,
  reports: readonly Report[],
  { keepEntries, keepCallRecords, atMs, serial, writes = [] }: EnqueueOptions,
): Promise<boolean> {
  const appends = reports.map((report) => ({
    topic: reportsTopic,
    payload: Buffer.from(JSON.stringify({ report, atMs, serial } satisfies QueuedReport)),
    after: 0n,
    keepEntries,
  }));
  const kept = reports.flatMap((report) =>
    report.report === 'NewCdr' ? [keepCallRecord(report, keepCallRecords)] : [],
  );
  const { committed } = await store.commit({ tenant: store.tenant, writes, appends: [...appends, ...kept] });
  return committed;
}

/** Returns the position of the newest report; 0 if there was none. Later reports have greater ones. */
export async function newestReport(store: PbxStore): Promise<number> {
  const [bounds] = await store.topicBounds({ tenant: store.tenant, topics: [reportsTopic] });
  return Number(bounds?.newest ?? 0n);
}

/** An append that wakes the delivering node. */
export const wakeDelivery: NonNullable<Commit['appends']>[number] = {
  topic: wakeTopic,
  payload: new Uint8Array(),
  keepEntries: 1,
  // Readers hold the newest position, or find the topic gone and check.
  idleMs: 3_600_000,
};
