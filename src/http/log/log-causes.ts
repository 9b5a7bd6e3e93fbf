/** One line per cause: several parts of the store notice the same outage. */
import type { Log } from '../../settings/log.ts';
import { inWords } from './log-error.ts';

const quietMs = 5_000;
const maxCauses = 100;

export type StoreWarnings = Pick<Log, 'warn'> & {
  /** Whether a warning was written within the last seconds, which explains a failure of the store. */
  isRecent(): boolean;
};

/** Returns a `warn` that leaves out a warning with the message and error of one that was written within the last seconds. */
export function oncePerCause(
  log: Pick<Log, 'warn'>,
  nowMs: () => number = () => performance.now(),
): StoreWarnings {
  const writtenMs = new Map<string, number>();
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    warn(fields, message) {
      const { err, node } = fields;
      const cause = `${message} ${String(node)} ${err instanceof Error ? inWords(err.message) : ''}`;
      const sinceMs = nowMs() - (writtenMs.get(cause) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < quietMs) return;
      if (writtenMs.size >= maxCauses) writtenMs.clear();
      writtenMs.set(cause, nowMs());
      lastMs = nowMs();
      log.warn(fields, message);
    },
    isRecent: () => nowMs() - lastMs < quietMs,
  };
}
