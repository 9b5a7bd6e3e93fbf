/**
 * What follows from an attempt. Documented (S-Series API v1.1.0): 200 is delivered, anything else is sent again. The rest
 * is ours, since no document names an interval, a limit, an order or a timeout.
 */
import type { Sent } from '../callback/send-report.ts';

export type Verdict =
  | 'delivered'
  /** The application refuses this report: others may go before it is tried again. */
  | 'declined'
  /** The application has troubles of its own: all its reports wait, and the attempt counts. */
  | 'troubled'
  /** Nothing was sent: all its reports wait, and the attempt does not count. */
  | 'unreached'
  | 'aborted';

/** Answers of the 4xx kind that are about the application's load, not about the report. */
const overloaded: ReadonlySet<number> = new Set([408, 425, 429]);

export function verdictOf(sent: Sent): Verdict {
  switch (sent.kind) {
    case 'aborted':
      return 'aborted';
    case 'unreachable':
    case 'untrusted':
      return 'unreached';
    case 'refused':
    case 'failed':
      return 'troubled';
    case 'answered':
      if (sent.status >= 200 && sent.status < 300) return 'delivered';
      if (sent.status >= 400 && sent.status < 500 && !overloaded.has(sent.status)) return 'declined';
      return 'troubled';
  }
}

const delaysMs = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const longestMs = 30_000;
const jitter = 0.2;

/** The pause after so many failures in a row (1 for the first), ms of the lease clock. `random` lies in [0, 1). */
export function retryDelayMs(failures: number, random: number): number {
  const delayMs = delaysMs[failures - 1] ?? longestMs;
  return Math.round(delayMs * (1 - jitter + 2 * jitter * random));
}

/** For people: what an attempt came to. */
export function describeSent(sent: Sent): string {
  switch (sent.kind) {
    case 'answered':
      return `answered ${sent.status}`;
    case 'aborted':
      return 'given up, since the callback moved';
    default:
      return `${sent.kind}: ${sent.reason}`;
  }
}
