/** How a deadline that never comes is stored. */
import { never } from '../state.ts';
import type { Row } from './statements.ts';

/** Returns the deadline as the column stores it: null for one that never comes. */
export function columnOf(deadlineMs: number): number | null {
  return deadlineMs === never ? null : deadlineMs;
}

/** Returns the deadline of a row. */
export function deadlineOf(row: Row): number {
  return row.deadline_ms === null ? never : Number(row.deadline_ms);
}
