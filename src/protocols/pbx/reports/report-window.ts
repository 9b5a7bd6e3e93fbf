/** The newest reports of the queue as one node has read them: those that can still be delivered. */
import type { PbxStore } from '../tenant.ts';
import { isReport } from './catalog.ts';
import { type QueuedReport, reportsTopic } from './report-queue.ts';

export interface ReportWindow {
  /** Position of the newest report that was read; 0: none. */
  readonly newest: number;
  /** Earlier ones were dropped for every callback that had not reached them. */
  readonly oldest: number;
  /** Returns a report; undefined if it is out of the window, or cannot be sent. */
  at(position: number): QueuedReport | undefined;
  /** Reads new reports. `reset`: the queue started again, and this window belongs to the one before. Rejects with StoreUnavailable. */
  read(): Promise<'more' | 'nothing' | 'reset'>;
}

const maxReadBytes = 1_048_576;

/** Makes an empty window over the newest `length` reports. */
export function makeReportWindow(store: PbxStore, length: number): ReportWindow {
  const entries = new Map<number, QueuedReport>();
  let newest = 0;
  let oldest = 1;
  return {
    get newest() {
      return newest;
    },
    get oldest() {
      return oldest;
    },
    at: (position) => entries.get(position),
    async read() {
      const [[bounds], found] = await Promise.all([
        store.topicBounds({ tenant: store.tenant, topics: [reportsTopic] }),
        store.readTopics({
          tenant: store.tenant,
          topics: [{ topic: reportsTopic, after: BigInt(newest) }],
          limit: length,
          maxBytes: maxReadBytes,
        }),
      ]);
      if (Number(bounds?.newest ?? 0n) < newest) return 'reset';
      for (const { position, payload } of found) {
        newest = Math.max(newest, Number(position));
        const entry = JSON.parse(Buffer.from(payload).toString()) as QueuedReport;
        if (isReport(entry.report)) entries.set(Number(position), entry);
      }
      oldest = Math.max(oldest, Number(bounds?.oldest ?? 0n), newest - length + 1);
      for (const position of entries.keys()) {
        if (position >= oldest) break;
        entries.delete(position);
      }
      return found.length > 0 ? 'more' : 'nothing';
    },
  };
}
