/**
 * A line while this node delivers on it: what the store keeps of it (`StoredLine`), who it is for, and how the attempts
 * at its next report are going. Plain data, changed by the functions here and by whoever delivers on it.
 */

import type { Attempt } from '../callback/send-report.ts';
import { type DeliveryLog, type LoggedLine, logDropped } from '../delivery/delivery-log.ts';
import type { Recipient } from '../delivery/recipient.ts';
import type { ReportWindow } from '../reports/report-window.ts';
import type { HeldToken } from '../tokens/tokens.ts';
import { resumeAt, type StoredLine } from './stored-queue.ts';

export interface Line extends LoggedLine {
  readonly key: string;
  /** Host and port of the URL. */
  readonly host: string;
  from: number;
  cursor: number;
  attempts: number;
  /** Failures in a row, counted or not: how long the next pause is. */
  failures: number;
  /** No attempt before this reading of the lease clock. */
  notBeforeMs: number;
  /** Newest first; empty: nobody is here any more. */
  tokens: readonly HeldToken[];
  running: boolean;
  /** What was read about its newest token at the end of the attempt before. */
  next?: Recipient | undefined;
  attempt?: Attempt | undefined;
  last?: StoredLine['last'];
}

/** The line that `first` and the others of `tokens` are in; goes on from `stored`, if there was anything before. */
export function openLine(
  key: string,
  first: HeldToken,
  tokens: readonly HeldToken[],
  stored: StoredLine | undefined,
  startAt: number,
): Line {
  return {
    key,
    user: first.user,
    url: first.callback.callback,
    host: new URL(first.callback.callback).host,
    ...resumeAt(stored, startAt),
    attempts: stored?.attempts ?? 0,
    failures: 0,
    notBeforeMs: 0,
    tokens,
    running: false,
    last: stored?.last,
  };
}

export function storedOf({ user, url, from, cursor, attempts, last }: Line): StoredLine {
  return { user, url, from, cursor, attempts, ...(last === undefined ? {} : { last }) };
}

/** Nothing up to `position` is for this line any more. */
export function skipTo(line: Line, position: number): void {
  line.cursor = Math.max(line.cursor, position);
}

/** The report at `position` is done with: the next one begins its own attempts. */
export function finishReport(line: Line, position: number): void {
  skipTo(line, position);
  line.attempts = 0;
}

/** What fell out of the queue before the line came to it is dropped. */
export function dropOverflow(line: Line, { oldest }: Pick<ReportWindow, 'oldest'>, log: DeliveryLog): void {
  const missed = oldest - 1 - line.cursor;
  if (missed <= 0) return;
  finishReport(line, oldest - 1);
  logDropped(log, line, missed);
}
