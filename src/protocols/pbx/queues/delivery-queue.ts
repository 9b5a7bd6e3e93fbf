/**
 * A delivery queue on the node that delivers from it: what the store keeps of it (`StoredQueue`), whose tokens it serves, and how
 * the attempts at its next report go. Plain data, changed by the functions here and by the delivery.
 */
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { Attempt } from '../callback/send-report.ts';
import type { ReportWindow } from '../reports/report-window.ts';
import type { ActiveToken } from '../tokens/token.ts';
import { resumeAt, type StoredQueue } from './stored-queue.ts';

/** A token as it was a moment ago, whose application receives a report. */
export interface Recipient {
  readonly token: string;
  readonly version: string;
  readonly peer: string;
  /** Of the data of the lease from which the others were read; absent: unknown. */
  readonly dataVersion?: number | undefined;
}

/** A condition of a queue that is reported to operators when it begins, not for every report. */
export type Condition = 'self' | 'dropped' | 'other-status' | AttemptResult['kind'];

export interface DeliveryQueue {
  readonly key: string;
  readonly user: string;
  readonly url: string;
  /** Host and port of the URL. */
  readonly host: string;
  from: number;
  cursor: number;
  attempts: number;
  /** Failures in a row, counted or not: the length of the next pause follows from it. */
  failures: number;
  /** No attempt before this reading of the lease clock, ms. */
  notBeforeMs: number;
  /** Newest first; empty: no live token uses the queue. */
  tokens: readonly ActiveToken[];
  isRunning: boolean;
  /** The newest token as it was read at the end of the previous attempt. */
  nextRecipient?: Recipient | undefined;
  attempt?: Attempt | undefined;
  last?: StoredQueue['last'];
  /** Conditions that were reported and still hold. */
  readonly reported: Set<Condition>;
}

/** Returns the queue of `first` and the others of `tokens`; continues from `stored`, if there is any. */
export function openQueue(
  key: string,
  [first, ...others]: readonly [ActiveToken, ...ActiveToken[]],
  stored: StoredQueue | undefined,
  startAt: number,
): DeliveryQueue {
  const url = first.callback.callback;
  return {
    key,
    user: first.user,
    url,
    host: new URL(url).host,
    ...resumeAt(stored, startAt),
    attempts: stored?.attempts ?? 0,
    failures: 0,
    notBeforeMs: 0,
    tokens: [first, ...others],
    isRunning: false,
    last: stored?.last,
    reported: new Set(),
  };
}

/** Returns the part of a queue that is stored. */
export function storedOf(queue: DeliveryQueue): StoredQueue {
  const { user, url, from, cursor, attempts, notBeforeMs, last } = queue;
  return { user, url, from, cursor, attempts, notBeforeMs, ...(last === undefined ? {} : { last }) };
}

/** Moves the queue behind a position: no report up to it is sent. */
export function skipTo(queue: DeliveryQueue, position: number): void {
  queue.cursor = Math.max(queue.cursor, position);
}

/** Finishes the report at a position: the next one has attempts of its own. */
export function finishReport(queue: DeliveryQueue, position: number): void {
  skipTo(queue, position);
  queue.attempts = 0;
}

/** Skips the reports that left the window before the queue reached them. Returns how many. */
export function skipOverflow(queue: DeliveryQueue, { oldest }: Pick<ReportWindow, 'oldest'>): number {
  const missed = oldest - 1 - queue.cursor;
  if (missed <= 0) return 0;
  finishReport(queue, oldest - 1);
  return missed;
}
