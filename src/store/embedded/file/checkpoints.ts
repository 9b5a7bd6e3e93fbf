/**
 * When SQLite copies its write-ahead log into the file: with the transaction that makes the log so long. All requests wait for that, some
 * 15 ms for a thousand pages, so that it is put off while a sweep is behind: each lease that is due would wait as well.
 */
import type { DatabaseSync } from 'node:sqlite';

/** Length of the log, in pages of 4 KiB, from which it is copied. The former is SQLite's default. */
const pages = { done: 1_000, behind: 8_000 } as const;

/** Whether a sweep left something that is due. */
export type SweepState = keyof typeof pages;

/** Returns the function that is told how the last sweep left the store. */
export function makeCheckpoints(database: Pick<DatabaseSync, 'exec'>): (state: SweepState) => void {
  let current: SweepState = 'done';
  return (state) => {
    if (state === current) return;
    current = state;
    database.exec(`PRAGMA wal_autocheckpoint = ${pages[state]}`);
  };
}
