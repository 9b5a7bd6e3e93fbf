/** A report that was set aside, tried by itself until it is delivered or was tried too often. */

import type { Sent } from '../callback/send-report.ts';
import type { Line } from '../queues/delivery-queue.ts';
import { type Aside, type SetAside, storedAside, writeAside } from '../queues/retries.ts';
import { lineForAside } from '../queues/routing.ts';
import { renderReport, shapeOf } from '../reports/report-shapes.ts';
import type { DeliveryContext } from './context.ts';
import { logDead, logDelivered, logFailed } from './delivery-log.ts';
import { prolongTokens, recipientOf } from './recipient.ts';
import { describeSent, retryDelayMs, verdictOf } from './verdict.ts';

/** One attempt, and what follows from it. Rejects with StoreUnavailable. */
export async function deliverAside(context: DeliveryContext, aside: SetAside): Promise<void> {
  try {
    const line = lineForAside(context.routes, aside);
    if (line === undefined) {
      await giveUp(context, aside);
      return;
    }
    const sent = await attempt(context, line, aside);
    if (sent !== 'stopped') await settle(context, line, aside, sent);
  } finally {
    aside.running = false;
  }
}

/** Nobody is logged in for it: what somebody asked for goes back to the dead, the rest is forgotten. */
async function giveUp(context: DeliveryContext, aside: SetAside): Promise<void> {
  context.count('ended');
  if (aside.replayed === true) {
    await bury(context, aside, aside.attempts, 'nobody is logged in for it');
    return;
  }
  await context.claim.commit([writeAside(aside.key, null)]);
  context.asides.finish(aside.key);
}

async function attempt(
  context: DeliveryContext,
  line: Line,
  { report, serial }: SetAside,
): Promise<Sent | 'stopped'> {
  const release = await context.slots.take(line.host);
  try {
    if (!context.mayStart()) return 'stopped';
    const recipient = await recipientOf(context.store, line);
    if (recipient === undefined) {
      context.noteChange();
      return 'stopped';
    }
    const body = renderReport(report, shapeOf(recipient.version), serial);
    // The application's version has no such report: done with, as if this server had answered.
    if (body === undefined) return { kind: 'answered', status: 200, fromSelf: true, excerpt: '' };
    return await context.send(line.url, body, recipient.peer).sent;
  } finally {
    release();
  }
}

async function settle(context: DeliveryContext, line: Line, aside: SetAside, sent: Sent): Promise<void> {
  const verdict = verdictOf(sent);
  if (verdict === 'delivered') {
    logDelivered(context, line, sent);
    await Promise.all([
      context.claim.commit([writeAside(aside.key, null)]),
      prolongTokens(context.store, line, sent, context.prolongMs, context),
    ]);
    context.asides.finish(aside.key);
    return;
  }
  logFailed(context, line, sent);
  const attempts = aside.attempts + (verdict === 'unreached' ? 0 : 1);
  if (attempts >= context.maxAttempts) {
    await bury(context, aside, attempts, describeSent(sent));
    return;
  }
  const again: Aside = { ...storedAside(aside), attempts };
  const pauseMs = retryDelayMs(Math.max(1, attempts), context.random());
  context.asides.set(aside.key, again, (await context.leaseMs()) + pauseMs);
  await context.claim.commit([writeAside(aside.key, again)]);
}

async function bury(
  context: DeliveryContext,
  aside: SetAside,
  attempts: number,
  reason: string,
): Promise<void> {
  const { replayed: _replayed, ...rest } = storedAside(aside);
  const letter = { ...rest, attempts, reason, deadAtMs: context.wallMs() };
  logDead(context, letter);
  await context.claim.commit([writeAside(aside.key, null), ...context.deadLetters.add(letter)]);
  context.asides.finish(aside.key);
}
