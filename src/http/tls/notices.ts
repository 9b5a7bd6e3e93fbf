/** Warnings that clients can cause, at most one of a kind per minute. */
import type { Log } from '../../settings/log.ts';

export interface Notices {
  /** Writes a warning, unless one of its kind was written within the last minute; the next one counts those left out. */
  warn(kind: string, fields: Readonly<Record<string, unknown>>, message: string): void;
}

const quietMs = 60_000;

/** `nowMs` never goes back. Kinds are a fixed few, never text of a client. */
export function makeNotices(log: Log, nowMs: () => number = () => performance.now()): Notices {
  const kinds = new Map<string, { sinceMs: number; suppressed: number }>();
  return {
    warn(kind, fields, message) {
      const last = kinds.get(kind);
      if (last !== undefined && nowMs() - last.sinceMs < quietMs) {
        last.suppressed += 1;
        return;
      }
      kinds.set(kind, { sinceMs: nowMs(), suppressed: 0 });
      const suppressed = last?.suppressed ?? 0;
      log.warn({ ...fields, ...(suppressed === 0 ? {} : { suppressed }) }, message);
    },
  };
}
