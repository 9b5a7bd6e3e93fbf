/** What people who run the server hear of deliveries: counts of all, and in words what may surprise, once for a line. */

import type { Sent } from '../callback/send-report.ts';
import type { DeadLetter } from '../queues/dead-letters.ts';

export type Counted = 'delivered' | 'failed' | 'dropped' | 'ended' | 'dead';

export interface Warning {
  readonly user?: string;
  readonly url?: string;
  readonly detail?: string;
  readonly err?: Error;
}

export interface DeliveryLog {
  readonly count: (outcome: Counted, by?: number) => void;
  readonly warn: (what: string, about: Warning) => void;
}

/** A line, and what was said of it: once, not for every report. */
export interface LoggedLine {
  readonly user: string;
  readonly url: string;
  saidSelf?: boolean;
  saidDropped?: boolean;
  saidOther?: boolean;
  saidUntrusted?: boolean;
}

/** The queue was full, and `missed` reports of a line are gone. */
export function logDropped(log: DeliveryLog, line: LoggedLine, missed: number): void {
  log.count('dropped', missed);
  if (line.saidDropped) return;
  line.saidDropped = true;
  log.warn('the queue of a callback was full, its oldest reports were dropped', {
    user: line.user,
    url: line.url,
    detail: `${missed} reports, and maybe more`,
  });
}

export function logDelivered(log: DeliveryLog, line: LoggedLine, sent: Sent): void {
  log.count('delivered');
  line.saidUntrusted = false;
  if (sent.kind !== 'answered' || sent.status === 200 || line.saidOther) return;
  line.saidOther = true;
  log.warn('a report was answered with another success than 200; a PBX may send it again', {
    user: line.user,
    url: line.url,
    detail: `answered ${sent.status}`,
  });
}

/** A callback whose certificate is refused gets nothing, however long its application waits: somebody must hear of it. */
export function logFailed(log: DeliveryLog, line: LoggedLine, sent: Sent): void {
  log.count('failed');
  if (sent.kind !== 'untrusted' || line.saidUntrusted) return;
  line.saidUntrusted = true;
  log.warn('the certificate of a callback is not trusted, its reports wait; PBX_CA may name who signs it', {
    user: line.user,
    url: line.url,
    detail: sent.reason,
  });
}

/** This server answered its own report. */
export function logSelf(log: DeliveryLog, line: LoggedLine): void {
  if (line.saidSelf) return;
  line.saidSelf = true;
  log.warn('a callback is this server itself: its reports do not keep the token', {
    user: line.user,
    url: line.url,
  });
}

export function logDead(log: DeliveryLog, letter: DeadLetter): void {
  log.count('dead');
  log.warn('a report was tried as often as it may be and is a dead letter now', {
    user: letter.user,
    url: letter.url,
    detail: `${letter.report.report}: ${letter.reason}`,
  });
}
