/**
 * Delivers the reports of a queue one at a time and in order. A queue waits while its application is unreachable or in trouble; a
 * report that the application refuses becomes a retry and does not hold up the others. No document has rules for that.
 */
import type { DocumentWrite } from '../../../store/store.ts';
import type { AttemptResult } from '../callback/attempt-result.ts';
import { logAttempt } from '../queues/attempts.ts';
import {
  type DeliveryQueue,
  finishReport,
  type Recipient,
  skipOverflow,
  skipTo,
  storedOf,
} from '../queues/delivery-queue.ts';
import { type Retry, retryKey, writeRetry } from '../queues/retries.ts';
import { writeQueue } from '../queues/stored-queue.ts';
import { renderReport } from '../reports/catalog.ts';
import type { QueuedReport } from '../reports/report-queue.ts';
import { shapeOf } from '../reports/shape-of.ts';
import type { DeliveryContext } from './context.ts';
import { logDead, logDelivered, logDropped, logFailed, logFinished, logStarted } from './delivery-log.ts';
import { sendMessage } from './outgoing.ts';
import { readRecipient, renewRecipients } from './recipient.ts';
import { describeResult, lastAttempt, retryDelayMs, type Verdict, verdictOf } from './verdict.ts';

/** Delivers until no report waits, or something stops the queue. Rejects with StoreUnavailable. */
export async function deliverQueue(context: DeliveryContext, queue: DeliveryQueue): Promise<void> {
  try {
    while (context.mayStart() && queue.tokens.length > 0 && queue.cursor < context.window.newest) {
      if (!(await deliverNext(context, queue))) return;
    }
  } finally {
    queue.isRunning = false;
    queue.nextRecipient = undefined;
    if (queue.tokens.length === 0) context.markChanged();
  }
}

/** A report of the queue, where it stands. */
interface NextReport extends QueuedReport {
  readonly position: number;
}

/** Delivers the next report. Returns false if the queue stops for now. */
async function deliverNext(context: DeliveryContext, queue: DeliveryQueue): Promise<boolean> {
  const { window } = context;
  logDropped(context, queue, skipOverflow(queue, window));
  if (!context.mayReceive(queue.user)) {
    queue.cursor = window.newest;
    return true;
  }
  const position = queue.cursor + 1;
  const queued = window.at(position);
  if (queued === undefined) {
    skipTo(queue, Math.min(position, window.newest));
    return true;
  }
  const next = { ...queued, position };
  const attempted = await attempt(context, queue, next);
  if (attempted === 'stopped') return false;
  if (attempted === 'no-such-report') {
    skipTo(queue, position);
    return true;
  }
  return settle(context, queue, next, attempted);
}

interface Attempted {
  readonly recipient: Recipient;
  readonly result: AttemptResult;
  readonly verdict: Verdict;
}

/** `no-such-report`: reports of that kind do not exist in the application's version. */
async function attempt(
  context: DeliveryContext,
  queue: DeliveryQueue,
  next: NextReport,
): Promise<Attempted | 'stopped' | 'no-such-report'> {
  const { concurrency } = context;
  const party = { user: queue.user, target: queue.host, isFailing: queue.failures > 0 };
  let release = concurrency.tryAcquire(party);
  if (release === undefined) {
    // The recipient that was read with the previous attempt is good only if nothing waited since.
    queue.nextRecipient = undefined;
    release = await concurrency.acquire(party);
  }
  try {
    if (!context.mayStart()) return 'stopped';
    const recipient = queue.nextRecipient ?? (await readRecipient(context, queue));
    queue.nextRecipient = undefined;
    if (recipient === undefined) {
      context.markChanged();
      return 'stopped';
    }
    const body = renderReport(next.report, shapeOf(recipient.version), next.serial);
    if (body === undefined) return 'no-such-report';
    if (!context.mayStart()) return 'stopped';
    return await send(context, queue, next, { ...recipient, body });
  } finally {
    queue.attempt = undefined;
    release();
  }
}

async function send(
  context: DeliveryContext,
  queue: DeliveryQueue,
  { position, report }: NextReport,
  recipient: Recipient & { readonly body: string },
): Promise<Attempted> {
  const logged = { position, report: report.report, token: recipient.token };
  logStarted(context, queue, logged);
  const { user, url } = queue;
  queue.attempt = sendMessage(context, { ...recipient, user, url, report: report.report });
  const result = await queue.attempt.result;
  const verdict = verdictOf(result);
  logFinished(context, queue, logged, { verdict, result });
  return { recipient, result, verdict };
}

/** Failures in a row of an application that is not reached, of which each is logged; operators see the latest one all the same. */
const maxLoggedInRow = 10;

/** Applies the consequences of an attempt and stores them. Returns false if the queue stops for now. */
async function settle(
  context: DeliveryContext,
  queue: DeliveryQueue,
  next: NextReport,
  attempted: Attempted,
): Promise<boolean> {
  const { verdict, result, recipient } = attempted;
  if (verdict === 'aborted' || context.isAbandoned()) {
    context.markChanged();
    return false;
  }
  queue.last = lastAttempt(result, context.wallMs());
  const writes: DocumentWrite[] = [];
  if (verdict === 'delivered') {
    logDelivered(context, queue, result);
    finishReport(queue, next.position);
    queue.failures = 0;
    queue.reported.delete('dropped');
  } else {
    logFailed(context, queue, result);
    if (verdict === 'declined') queue.failures = 0;
    else await backOff(context, queue);
    if (verdict !== 'unreached') {
      const retry = retryOf(queue, next, recipient.token);
      writes.push(...(await afterFailure(context, queue, retry, { verdict, result })));
    }
  }
  context.stored.set(queue.key, storedOf(queue));
  writes.push(writeQueue(queue.key, storedOf(queue)));
  // An application that stays away for hours must not push everything else out of the log.
  const isNews = verdict !== 'unreached' || queue.failures <= maxLoggedInRow;
  const continues = verdict === 'delivered' || verdict === 'declined';
  const [isCommitted, nextRecipient] = await Promise.all([
    context.claim.commit(writes, isNews ? [loggedAttempt(context, queue, next, attempted)] : []),
    verdict === 'delivered'
      ? renewRecipients(context, queue, result, recipient)
      : continues
        ? readRecipient(context, queue)
        : undefined,
  ]);
  queue.nextRecipient = nextRecipient;
  return isCommitted && continues;
}

function loggedAttempt(
  { wallMs }: DeliveryContext,
  { user, url }: DeliveryQueue,
  { position, report, serial, atMs: reportedAtMs }: NextReport,
  { recipient: { token, version }, verdict, result }: Attempted,
) {
  const subject = { user, token, url, version, position, report, serial, reportedAtMs };
  return logAttempt(subject, { atMs: wallMs(), outcome: describeResult(result), verdict, result });
}

/** Pauses the queue, the longer the more often it failed in a row. */
async function backOff({ leaseMs, random }: DeliveryContext, queue: DeliveryQueue): Promise<void> {
  queue.failures += 1;
  queue.notBeforeMs = (await leaseMs()) + retryDelayMs(queue.failures, random());
}

function retryOf(
  { user, url, attempts }: DeliveryQueue,
  { position, report, serial, atMs }: NextReport,
  token: string,
): Retry {
  return { user, token, url, position, report, serial, reportedAtMs: atMs, attempts: attempts + 1 };
}

/** Returns the writes of a failure that counts: the report is attempted again, in the queue or as a retry, up to the maximum. */
async function afterFailure(
  context: DeliveryContext,
  queue: DeliveryQueue,
  retry: Retry,
  { verdict, result }: { readonly verdict: 'declined' | 'troubled'; readonly result: AttemptResult },
): Promise<DocumentWrite[]> {
  if (retry.attempts >= context.maxAttempts) {
    const letter = { ...retry, reason: describeResult(result), deadAtMs: context.wallMs() };
    logDead(context, letter);
    finishReport(queue, retry.position);
    return context.deadLetters.add(letter);
  }
  if (verdict === 'troubled') {
    queue.attempts += 1;
    return [];
  }
  const key = retryKey(retry);
  const notBeforeMs = (await context.leaseMs()) + retryDelayMs(retry.attempts, context.random());
  context.retries.set(key, retry, notBeforeMs);
  finishReport(queue, retry.position);
  return [writeRetry(key, { ...retry, notBeforeMs }), ...boundRetries(context, queue)];
}

/** Retries are bounded as the queue is. Returns the deletions. */
function boundRetries(
  { retries, queueLength, count }: DeliveryContext,
  { user, url }: DeliveryQueue,
): DocumentWrite[] {
  const dropped = retries.dropOldest(user, url, queueLength);
  if (dropped.length > 0) count('dropped', dropped.length);
  return dropped.map((key) => writeRetry(key, null));
}
