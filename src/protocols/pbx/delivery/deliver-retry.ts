/** Delivers one retry: a single attempt, and the consequences of it. */
import type { Commit } from '../../../store/store.ts';
import type { AttemptResult } from '../callback/attempt-result.ts';
import { logAttempt } from '../queues/attempts.ts';
import type { DeliveryQueue } from '../queues/delivery-queue.ts';
import { type Retry, type ScheduledRetry, storedRetry, writeRetry } from '../queues/retries.ts';
import { queueForRetry } from '../queues/routing.ts';
import { renderReport } from '../reports/catalog.ts';
import { shapeOf } from '../reports/shape-of.ts';
import type { DeliveryContext } from './context.ts';
import { logDead, logDelivered, logEndedRetry, logFailed, logFinished, logStarted } from './delivery-log.ts';
import { sendMessage } from './outgoing.ts';
import { readRecipient, renewRecipients } from './recipient.ts';
import { describeResult, retryDelayMs, verdictOf } from './verdict.ts';

/** Makes one attempt. Rejects with StoreUnavailable. */
export async function deliverRetry(context: DeliveryContext, retry: ScheduledRetry): Promise<void> {
  try {
    const queue = queueForRetry(context.routes, retry);
    if (queue === undefined) {
      await giveUp(context, retry);
      return;
    }
    const attempted = await attempt(context, queue, retry);
    if (attempted !== 'stopped') await settle(context, queue, retry, attempted);
  } finally {
    retry.isRunning = false;
  }
}

/** The user has no live token: a replay returns to the dead letters, any other retry is dropped. */
async function giveUp(context: DeliveryContext, retry: ScheduledRetry): Promise<void> {
  if (retry.isReplay === true) {
    context.count('ended');
    const { attempts } = retry;
    await moveToDeadLetters(context, retry, { attempts, reason: 'the user has no live token' });
    return;
  }
  logEndedRetry(context, retry);
  await context.claim.commit([writeRetry(retry.key, null)]);
  context.retries.finish(retry.key);
}

interface Attempted {
  readonly result: AttemptResult;
  /** For the log of attempts; nothing if no report was sent. */
  readonly appends: Commit['appends'];
}

async function attempt(
  context: DeliveryContext,
  queue: DeliveryQueue,
  { report, serial, position, reportedAtMs }: ScheduledRetry,
): Promise<Attempted | 'stopped'> {
  const party = { user: queue.user, target: queue.host, isFailing: queue.failures > 0 };
  const release = await context.concurrency.acquire(party);
  try {
    if (!context.mayStart()) return 'stopped';
    const recipient = await readRecipient(context, queue);
    if (recipient === undefined) {
      context.markChanged();
      return 'stopped';
    }
    const body = renderReport(report, shapeOf(recipient.version), serial);
    // There is no such report in the application's version: finished as if it had been accepted.
    if (body === undefined)
      return { result: { kind: 'replied', status: 200, isSelf: true, excerpt: '' }, appends: [] };
    const logged = { position, report: report.report, token: recipient.token };
    logStarted(context, queue, logged);
    const { user, url } = queue;
    const message = { ...recipient, user, url, body, report: report.report };
    const result = await sendMessage(context, message).result;
    const verdict = verdictOf(result);
    logFinished(context, queue, logged, { verdict, result });
    const { token, version } = recipient;
    const attempted = { user, token, url, version, position, report, serial, reportedAtMs };
    const outcome = { atMs: context.wallMs(), outcome: describeResult(result), verdict, result };
    return { result, appends: [logAttempt(attempted, outcome)] };
  } finally {
    release();
  }
}

async function settle(
  context: DeliveryContext,
  queue: DeliveryQueue,
  retry: ScheduledRetry,
  { result, appends }: Attempted,
): Promise<void> {
  if (context.isAbandoned()) return;
  const verdict = verdictOf(result);
  if (verdict === 'delivered') {
    logDelivered(context, queue, result);
    await Promise.all([
      context.claim.commit([writeRetry(retry.key, null)], appends),
      renewRecipients(context, queue, result),
    ]);
    context.retries.finish(retry.key);
    return;
  }
  logFailed(context, queue, result);
  const attempts = retry.attempts + (verdict === 'unreached' ? 0 : 1);
  if (attempts >= context.maxAttempts) {
    await moveToDeadLetters(context, retry, { attempts, reason: describeResult(result), appends });
    return;
  }
  const next: Retry = { ...storedRetry(retry), attempts };
  const pauseMs = retryDelayMs(Math.max(1, attempts), context.random());
  const notBeforeMs = (await context.leaseMs()) + pauseMs;
  context.retries.set(retry.key, next, notBeforeMs);
  await context.claim.commit([writeRetry(retry.key, { ...next, notBeforeMs })], appends);
}

async function moveToDeadLetters(
  context: DeliveryContext,
  retry: ScheduledRetry,
  {
    attempts,
    reason,
    appends,
  }: { readonly attempts: number; readonly reason: string; readonly appends?: Commit['appends'] },
): Promise<void> {
  const { isReplay: _isReplay, ...rest } = storedRetry(retry);
  const letter = { ...rest, attempts, reason, deadAtMs: context.wallMs() };
  logDead(context, letter);
  const writes = [writeRetry(retry.key, null), ...context.deadLetters.add(letter)];
  await context.claim.commit(writes, appends);
  context.retries.finish(retry.key);
}
