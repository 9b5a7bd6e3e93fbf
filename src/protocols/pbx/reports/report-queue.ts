/**
 * What happened, in order, once for all applications: a topic with dense positions. How far an application's line has
 * got is kept beside it, so a report costs one append, however many applications there are.
 */
import type { Commit, DocumentWrite, Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';
import type { Report } from './reports.ts';

export const reportsTopic = 'reports';
/** Something is to be looked at that no report says: a callback moved, a dead letter is to be sent again. */
export const nudgesTopic = 'nudges';

/** One entry of the queue, as JSON. */
export interface QueuedReport {
  readonly report: Report;
  /** Wall time, ms since 1970. */
  readonly atMs: number;
  /** Serial number of the PBX where it happened. */
  readonly serial: string;
}

export interface Happening {
  readonly atMs: number;
  readonly serial: string;
  /** The oldest reports go when there are more. */
  readonly keepEntries: number;
}

/** Adds reports, and writes what goes with them, in one step. Answers false if a version of `writes` did not hold. */
export async function enqueueReports(
  store: Store,
  reports: readonly Report[],
  { keepEntries, atMs, serial }: Happening,
  writes: readonly DocumentWrite[] = [],
): Promise<boolean> {
  const appends = reports.map((report) => ({
    topic: reportsTopic,
    payload: Buffer.from(JSON.stringify({ report, atMs, serial } satisfies QueuedReport)),
    after: 0n,
    keepEntries,
  }));
  const { committed } = await store.commit({ tenant, writes, appends });
  return committed;
}

/** Position of the newest report; 0 if there was none. What happens from now on has a greater one. */
export async function newestReport(store: Store): Promise<number> {
  const [bounds] = await store.topicBounds({ tenant, topics: [reportsTopic] });
  return Number(bounds?.newest ?? 0n);
}

/** What wakes whoever delivers; add it to a commit. */
export const nudge: NonNullable<Commit['appends']>[number] = {
  topic: nudgesTopic,
  payload: new Uint8Array(),
  keepEntries: 1,
  // Readers hold the newest position, or find the topic gone and look.
  idleMs: 3_600_000,
};
