/**
 * When SQLite copies its write-ahead log into the file: with the transaction that makes the log so long. All requests wait for that, some
 * 3 ms for 256 pages, most of it for the disk, so that it is done often. While a sweep is behind it is put off, for each lease that is
 * due would wait as well, but not until the wait is long.
 */
import type { DatabaseSync } from 'node:sqlite';

/** Length of the log, in pages of 4 KiB, from which it is copied. */
const pages = { done: 256, behind: 1_000 } as const;

/** Whether a sweep left something that is due. */
export type SweepState = keyof typeof pages;

/** Returns the function that is told how the last sweep left the store. It returns whether that differs from how the one before did. */
export function makeCheckpoints(database: Pick<DatabaseSync, 'exec'>): (state: SweepState) => boolean {
  let current: SweepState | undefined;
  const set = (state: SweepState): boolean => {
    if (state === current) return false;
    current = state;
    database.exec(`PRAGMA wal_autocheckpoint = ${pages[state]}`);
    return true;
  };
  set('done');
  return set;
}
