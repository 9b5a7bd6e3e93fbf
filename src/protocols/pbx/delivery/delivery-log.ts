/** How deliveries are observed: counts of all outcomes, debug lines of each, and one warning when a condition begins. */
import { isDebugging, type Log } from '../../../settings/log.ts';
import type { Tenant } from '../../../store/store.ts';
import type { ProtocolEvent } from '../../kit/protocol.ts';
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { DeadLetter } from '../queues/dead-letters.ts';
import type { Condition, DeliveryQueue } from '../queues/delivery-queue.ts';
import type { Retry } from '../queues/retries.ts';
import type { EndedQueue } from '../queues/routing.ts';
import { shortToken } from '../tokens/token.ts';
import { describeResult, type Verdict } from './verdict.ts';

export const outcomes = ['delivered', 'failed', 'dropped', 'ended', 'dead'] as const;
export type Outcome = (typeof outcomes)[number];

export interface Warning {
  readonly user?: string;
  readonly url?: string;
  readonly detail?: string;
  readonly err?: Error;
}

export interface DeliveryLog {
  readonly tenant: Tenant;
  readonly log: Log;
  /** Tells what happened, for the stream of events. */
  readonly emit: (event: ProtocolEvent) => void;
  readonly count: (outcome: Outcome, by?: number) => void;
  /** Logs a warning and, unless it is about an error of this server, records it as a diagnostic. */
  readonly warn: (message: string, about: Warning) => void;
}

/** An attempt of a report, for debug lines. */
export interface LoggedAttempt {
  readonly position: number;
  readonly report: string;
  readonly token: string;
}

type LoggedQueue = Pick<DeliveryQueue, 'user' | 'url' | 'reported'>;

function warnOnce(
  log: DeliveryLog,
  queue: LoggedQueue,
  condition: Condition,
  { message, detail }: { readonly message: string; readonly detail?: string },
): void {
  if (queue.reported.has(condition)) return;
  queue.reported.add(condition);
  log.warn(message, { user: queue.user, url: queue.url, ...(detail === undefined ? {} : { detail }) });
}

export function logStarted(
  { tenant, log }: DeliveryLog,
  { user, url }: LoggedQueue,
  attempt: LoggedAttempt,
): void {
  if (isDebugging(log)) log.debug({ tenant, ...fieldsOf(user, url, attempt) }, 'pbx report attempt started');
}

export function logFinished(
  { tenant, log, emit }: DeliveryLog,
  { user, url }: LoggedQueue,
  attempt: LoggedAttempt,
  { verdict, result }: { readonly verdict: Verdict; readonly result: AttemptResult },
): void {
  const { position, report, token: holder } = attempt;
  const event = { tenant, group: user, holder, url, position, report };
  emit({ type: 'report.attempt', ...event, verdict, result: describeResult(result) });
  if (verdict === 'delivered') emit({ type: 'report.delivered', ...event });
  if (isDebugging(log))
    log.debug(
      { tenant, ...fieldsOf(user, url, attempt), verdict, result: describeResult(result) },
      'pbx report attempt finished',
    );
}

function fieldsOf(user: string, url: string, { position, report, token }: LoggedAttempt) {
  return { group: user, holder: shortToken(token), url, position, report };
}

/** Reports of a queue were dropped since too many waited. */
export function logDropped(log: DeliveryLog, queue: LoggedQueue, missed: number): void {
  if (missed === 0) return;
  log.count('dropped', missed);
  const message = 'report queue full; the oldest reports were dropped';
  warnOnce(log, queue, 'dropped', { message, detail: `${missed} or more reports` });
}

export function logDelivered(log: DeliveryLog, queue: LoggedQueue, result: AttemptResult): void {
  log.count('delivered');
  for (const condition of Object.keys(failureMessages) as Condition[]) queue.reported.delete(condition);
  if (result.kind !== 'replied' || result.status === 200) return;
  const message = 'report accepted with a status other than 200; a PBX may send it again';
  warnOnce(log, queue, 'other-status', { message, detail: describeResult(result) });
}

const failureMessages = {
  unreachable: 'callback cannot be reached; its reports wait',
  refused: 'callback is refused; its reports are not sent',
  untrusted: 'certificate of the callback is not trusted; its reports wait until PBX_CA names its authority',
  failed: 'callback gave no readable reply; its reports are sent again',
  replied: 'callback did not accept a report; it is sent again',
} as const;

/** Operators are warned once for each way in which a callback fails, until it accepts a report. */
export function logFailed(log: DeliveryLog, queue: LoggedQueue, result: AttemptResult): void {
  log.count('failed');
  if (result.kind === 'aborted') return;
  const { kind } = result;
  const detail = kind === 'untrusted' ? result.reason : describeResult(result);
  warnOnce(log, queue, kind, { message: failureMessages[kind], detail });
}

/** The tokens of a queue ended while reports waited. */
export function logEnded(log: DeliveryLog, { queue, waiting }: EndedQueue): void {
  log.count('ended', waiting);
  const { user, url, last } = queue;
  const outcome = last === undefined ? 'none was attempted' : `last attempt: ${last.outcome}`;
  log.warn('reports dropped: the token ended before they were delivered', {
    user,
    url,
    detail: `${waiting} ${waiting === 1 ? 'report' : 'reports'}; ${outcome}`,
  });
}

/** Logs a retry whose user has no live token left. */
export function logEndedRetry(log: DeliveryLog, { user, url, report }: Retry): void {
  log.count('ended');
  log.warn('reports dropped: the token ended before they were delivered', {
    user,
    url,
    detail: `${report.report}, which the application did not accept before`,
  });
}

export function logSelf(log: DeliveryLog, queue: LoggedQueue): void {
  const message = 'callback is this server; its reports do not renew the token';
  warnOnce(log, queue, 'self', { message });
}

export function logDead(log: DeliveryLog, letter: DeadLetter): void {
  log.count('dead');
  const { user: group, token: holder, url, position, report, reason } = letter;
  const { tenant } = log;
  log.emit({ type: 'report.dead', tenant, group, holder, url, position, report: report.report, reason });
  log.warn('report moved to the dead letters after its last attempt', {
    user: letter.user,
    url: letter.url,
    detail: `${letter.report.report}: ${letter.reason}`,
  });
}
