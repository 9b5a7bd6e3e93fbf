/** The clock of the store and its sequences, in the file. */
import { type LeaseClock, startClock } from '../../runtime/lease-clock.ts';
import type { Statements } from './statements.ts';

/** The clock and where the sequences stand. */
export interface ClockRecord {
  readonly clock: LeaseClock;
  readonly sequence: number;
  readonly lastMicros: number;
}

/** Returns the clock as it was last written; undefined for a new file. */
export function readClockRow(statements: Statements): ClockRecord | undefined {
  const [row] = statements.all('SELECT * FROM clock');
  if (row === undefined) return undefined;
  const [date] = statements.all('SELECT * FROM date');
  const [leaseMs, wallMs] = [Number(row.lease_ms), Number(row.wall_ms)];
  return {
    clock: {
      ...{ leaseMs, wallMs, frozen: Number(row.frozen) === 1 },
      // A file of an earlier version has no date: that was wall time.
      lagMs: date === undefined ? wallMs - leaseMs : Number(date.lag_ms),
      aheadMs: Number(date?.ahead_ms ?? 0),
    },
    sequence: Number(row.sequence),
    lastMicros: Number(row.last_micros),
  };
}

/** Returns what a new state begins with, with no file or a new one. */
export function firstClock(wallMs: number): ClockRecord {
  return { clock: startClock(wallMs), sequence: Math.floor(wallMs * 1_000), lastMicros: 0 };
}
