/** Delivers one retry: a single attempt, and the consequences of it. */
import type { AttemptResult } from '../callback/attempt-result.ts';
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
    const result = await attempt(context, queue, retry);
    if (result !== 'stopped') await settle(context, queue, retry, result);
  } finally {
    retry.isRunning = false;
  }
}

/** The user has no live token: a replay returns to the dead letters, any other retry is dropped. */
async function giveUp(context: DeliveryContext, retry: ScheduledRetry): Promise<void> {
  if (retry.isReplay === true) {
    context.count('ended');
    await moveToDeadLetters(context, retry, retry.attempts, 'the user has no live token');
    return;
  }
  logEndedRetry(context, retry);
  await context.claim.commit([writeRetry(retry.key, null)]);
  context.retries.finish(retry.key);
}

async function attempt(
  context: DeliveryContext,
  queue: DeliveryQueue,
  { report, serial, position }: ScheduledRetry,
): Promise<AttemptResult | 'stopped'> {
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
    if (body === undefined) return { kind: 'replied', status: 200, isSelf: true, excerpt: '' };
    const logged = { position, report: report.report, token: recipient.token };
    logStarted(context, queue, logged);
    const { user, url } = queue;
    const message = { ...recipient, user, url, body, report: report.report };
    const result = await sendMessage(context, message).result;
    logFinished(context, queue, logged, { verdict: verdictOf(result), result });
    return result;
  } finally {
    release();
  }
}

async function settle(
  context: DeliveryContext,
  queue: DeliveryQueue,
  retry: ScheduledRetry,
  result: AttemptResult,
): Promise<void> {
  if (context.isAbandoned()) return;
  const verdict = verdictOf(result);
  if (verdict === 'delivered') {
    logDelivered(context, queue, result);
    await Promise.all([
      context.claim.commit([writeRetry(retry.key, null)]),
      renewRecipients(context, queue, result),
    ]);
    context.retries.finish(retry.key);
    return;
  }
  logFailed(context, queue, result);
  const attempts = retry.attempts + (verdict === 'unreached' ? 0 : 1);
  if (attempts >= context.maxAttempts) {
    await moveToDeadLetters(context, retry, attempts, describeResult(result));
    return;
  }
  const next: Retry = { ...storedRetry(retry), attempts };
  const pauseMs = retryDelayMs(Math.max(1, attempts), context.random());
  context.retries.set(retry.key, next, (await context.leaseMs()) + pauseMs);
  await context.claim.commit([writeRetry(retry.key, next)]);
}

async function moveToDeadLetters(
  context: DeliveryContext,
  retry: ScheduledRetry,
  attempts: number,
  reason: string,
): Promise<void> {
  const { isReplay: _isReplay, ...rest } = storedRetry(retry);
  const letter = { ...rest, attempts, reason, deadAtMs: context.wallMs() };
  logDead(context, letter);
  await context.claim.commit([writeRetry(retry.key, null), ...context.deadLetters.add(letter)]);
  context.retries.finish(retry.key);
}
