/**
 * What follows from an attempt. Documented (S-Series API v1.1.0): 200 is delivered, any other status is sent again. The rest is a
 * choice, since no document names an interval, a limit, an order or a timeout.
 */
import type { AttemptResult } from '../callback/attempt-result.ts';
import type { LastAttempt } from '../queues/stored-queue.ts';

export type Verdict =
  | 'delivered'
  /** The application refuses this report: others are delivered while it is retried. */
  | 'declined'
  /** The application is in trouble: all its reports wait, and the attempt counts. */
  | 'troubled'
  /** Nothing was sent: all its reports wait, and the attempt does not count. */
  | 'unreached'
  | 'aborted';

/** Statuses of the 4xx kind that are about the application's load, not about the report. */
const overloaded: ReadonlySet<number> = new Set([408, 425, 429]);

export function verdictOf(result: AttemptResult): Verdict {
  switch (result.kind) {
    case 'aborted':
      return 'aborted';
    case 'unreachable':
    case 'untrusted':
      return 'unreached';
    case 'refused':
    case 'failed':
      return 'troubled';
    case 'replied':
      if (result.status >= 200 && result.status < 300) return 'delivered';
      if (result.status >= 400 && result.status < 500 && !overloaded.has(result.status)) return 'declined';
      return 'troubled';
  }
}

const delaysMs = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const maxDelayMs = 30_000;
const jitter = 0.2;

/** Returns the pause after so many failures in a row (1 for the first), ms of the lease clock. `random` lies in [0, 1). */
export function retryDelayMs(failures: number, random: number): number {
  const delayMs = delaysMs[failures - 1] ?? maxDelayMs;
  return Math.round(delayMs * (1 - jitter + 2 * jitter * random));
}

/** Returns what would make reports arrive, in words; undefined if they do. */
export function fixFor(result: AttemptResult): string | undefined {
  switch (result.kind) {
    case 'aborted':
      return undefined;
    case 'unreachable':
      return fixForUnreachable(result.reason);
    case 'untrusted':
      return 'name the authority of the certificate in PBX_CA, or set PBX_VERIFY_TLS=false';
    case 'refused':
      return 'name another callback in a heartbeat, or change the setting that the rule names';
    case 'failed':
      return 'have the application reply "HTTP/1.1 200 OK" to every report within PBX_REPORT_TIMEOUT_MS';
    case 'replied':
      return result.status >= 200 && result.status < 300
        ? undefined
        : `have the application reply with status 200, not ${result.status}`;
  }
}

function fixForUnreachable(reason: string): string {
  if (reason.includes('ECONNREFUSED'))
    return 'start the application at that address and port, or name others in a heartbeat';
  if (reason.includes('ENOTFOUND') || reason.includes('EAI_AGAIN'))
    return 'make the host name resolve on this server, or name an address in a heartbeat';
  return 'open the way from this server to that address and port (routes, firewalls, port mappings)';
}

/** Returns an attempt as operators see it. */
export function lastAttempt(result: AttemptResult, atMs: number): LastAttempt {
  const address = result.kind === 'replied' ? result.address : undefined;
  const fix = fixFor(result);
  return {
    outcome: describeResult(result),
    atMs,
    ...(address === undefined ? {} : { address }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Returns what an attempt came to, for operators. */
export function describeResult(result: AttemptResult): string {
  switch (result.kind) {
    case 'replied':
      return `status ${result.status}`;
    case 'aborted':
      return 'aborted: the callback moved';
    default:
      return `${result.kind}: ${result.reason}`;
  }
}
