/**
 * The reports of a line, one at a time and in order. Rules (ours, where no document has any): a line waits while its
 * application is away or in trouble; a report that the application refuses is set aside and does not hold up the others.
 */
import type { DocumentWrite } from '../../../store/store.ts';
import type { Sent } from '../callback/send-report.ts';
import { dropOverflow, finishReport, type Line, skipTo, storedOf } from '../queues/delivery-queue.ts';
import { type Aside, asideKey, writeAside } from '../queues/retries.ts';
import { writeLine } from '../queues/stored-queue.ts';
import type { QueuedReport } from '../reports/report-queue.ts';
import { renderReport, shapeOf } from '../reports/report-shapes.ts';
import type { DeliveryContext } from './context.ts';
import { logDead, logDelivered, logFailed } from './delivery-log.ts';
import { prolongTokens, recipientOf } from './recipient.ts';
import { describeSent, retryDelayMs, verdictOf } from './verdict.ts';

/** Delivers until nothing waits, or something stops the line. Rejects with StoreUnavailable. */
export async function deliverLine(context: DeliveryContext, line: Line): Promise<void> {
  try {
    while (context.mayStart() && line.tokens.length > 0 && line.cursor < context.window.newest) {
      if (!(await deliverNext(context, line))) return;
    }
  } finally {
    line.running = false;
    line.next = undefined;
    if (line.tokens.length === 0) context.noteChange();
  }
}

/** The next report of a line. False: the line stops for now. */
async function deliverNext(context: DeliveryContext, line: Line): Promise<boolean> {
  const { window } = context;
  dropOverflow(line, window, context);
  if (!context.mayReport(line.user)) {
    line.cursor = window.newest;
    return true;
  }
  const position = line.cursor + 1;
  const queued = window.at(position);
  if (queued === undefined) {
    skipTo(line, Math.min(position, window.newest));
    return true;
  }
  const attempted = await attempt(context, line, queued);
  if (attempted === 'stopped') return false;
  if (attempted === 'shapeless') {
    skipTo(line, position);
    return true;
  }
  return settle(context, line, position, queued, attempted);
}

interface Attempted {
  readonly token: string;
  readonly sent: Sent;
}

/** `shapeless`: reports of that kind do not exist in the application's version. */
async function attempt(
  context: DeliveryContext,
  line: Line,
  { report, serial }: QueuedReport,
): Promise<Attempted | 'stopped' | 'shapeless'> {
  const { slots, store } = context;
  let release = slots.tryTake(line.host);
  if (release === undefined) {
    // Nothing waited since the attempt before: only then is what was read with its end as good as reading it again.
    line.next = undefined;
    release = await slots.take(line.host);
  }
  try {
    if (!context.mayStart()) return 'stopped';
    const recipient = line.next ?? (await recipientOf(store, line));
    line.next = undefined;
    if (recipient === undefined) {
      context.noteChange();
      return 'stopped';
    }
    const body = renderReport(report, shapeOf(recipient.version), serial);
    if (body === undefined) return 'shapeless';
    if (!context.mayStart()) return 'stopped';
    line.attempt = context.send(line.url, body, recipient.peer);
    return { token: recipient.token, sent: await line.attempt.sent };
  } finally {
    line.attempt = undefined;
    release();
  }
}

/** Draws the consequences of an attempt, and writes them down. False: the line stops for now. */
async function settle(
  context: DeliveryContext,
  line: Line,
  position: number,
  { report, serial, atMs }: QueuedReport,
  { token, sent }: Attempted,
): Promise<boolean> {
  const verdict = verdictOf(sent);
  if (verdict === 'aborted') {
    context.noteChange();
    return false;
  }
  line.last = { what: describeSent(sent), atMs: context.wallMs() };
  const writes: DocumentWrite[] = [];
  if (verdict === 'delivered') {
    logDelivered(context, line, sent);
    finishReport(line, position);
    line.failures = 0;
    line.saidDropped = false;
  } else {
    logFailed(context, line, sent);
    if (verdict === 'declined') line.failures = 0;
    else await backOff(context, line);
    const { user, url } = line;
    const aside: Aside = {
      user,
      token,
      url,
      position,
      report,
      serial,
      reportedAtMs: atMs,
      attempts: line.attempts + 1,
    };
    if (verdict !== 'unreached') writes.push(...(await afterFailure(context, line, aside, verdict, sent)));
  }
  context.stored.set(line.key, storedOf(line));
  writes.push(writeLine(line.key, storedOf(line)));
  const goesOn = verdict === 'delivered' || verdict === 'declined';
  const [kept, next] = await Promise.all([
    context.claim.commit(writes),
    goesOn && line.cursor < context.window.newest ? recipientOf(context.store, line) : undefined,
    verdict === 'delivered'
      ? prolongTokens(context.store, line, sent, context.prolongMs, context)
      : undefined,
  ]);
  line.next = next;
  return kept && goesOn;
}

/** The line rests, the longer the more often it failed. */
async function backOff({ leaseMs, random }: DeliveryContext, line: Line): Promise<void> {
  line.failures += 1;
  line.notBeforeMs = (await leaseMs()) + retryDelayMs(line.failures, random());
}

/** A failure that counts: the report is tried again, on the line or beside it, until it was tried too often. */
async function afterFailure(
  context: DeliveryContext,
  line: Line,
  aside: Aside,
  verdict: 'declined' | 'troubled',
  sent: Sent,
): Promise<DocumentWrite[]> {
  if (aside.attempts >= context.maxAttempts) {
    const letter = { ...aside, reason: describeSent(sent), deadAtMs: context.wallMs() };
    logDead(context, letter);
    finishReport(line, aside.position);
    return context.deadLetters.add(letter);
  }
  if (verdict === 'troubled') {
    line.attempts += 1;
    return [];
  }
  const key = asideKey(aside);
  context.asides.set(key, aside, (await context.leaseMs()) + retryDelayMs(aside.attempts, context.random()));
  finishReport(line, aside.position);
  return [writeAside(key, aside), ...boundAsides(context, line)];
}

/** What is set aside is bounded as the line is. */
function boundAsides({ asides, queueLength, count }: DeliveryContext, { user, url }: Line): DocumentWrite[] {
  const dropped = asides.dropOldest(user, url, queueLength);
  if (dropped.length > 0) count('dropped', dropped.length);
  return dropped.map((key) => writeAside(key, null));
}
