/**
 * How loaded the process is: bytes of large bodies that are being received or sent on all connections together, and how late the
 * event loop is. Beyond the limits a request gets its vendor's "busy" instead of more memory or a later turn.
 */
import type { ServerResponse } from 'node:http';

/** Limits of the whole process. */
export interface LoadLimits {
  /** 0: no limit. */
  readonly maxBodyBytes: number;
  /** 0: no limit. */
  readonly maxLoopDelayMs: number;
}

export interface Load {
  /** Whether the event loop is so late that requests are refused. */
  isLate(): boolean;
  /**
   * Counts a body of a client until the response is closed. Returns false, and counts nothing, if that would exceed the limit, or the
   * half of it that one client may take. A body of any size fits while its client holds no other.
   */
  hold(bytes: number, client: string, response: ServerResponse): boolean;
  /** Bytes that are held now. */
  readonly heldBytes: number;
  close(): void;
}

/** Bodies below this size are not counted, bytes: connections are few enough for them. */
export const smallBytes = 16_384;
/** How often the delay of the event loop is measured, ms. */
const measureMs = 100;

export function makeLoad(limits: LoadLimits, monotonicMs: () => number = () => performance.now()): Load {
  const { maxBodyBytes, maxLoopDelayMs } = limits;
  const heldBy = new Map<string, number>();
  let heldBytes = 0;
  let delayMs = 0;
  let expectedMs = monotonicMs() + measureMs;
  const measure = (): void => {
    const nowMs = monotonicMs();
    delayMs = nowMs - expectedMs;
    expectedMs = nowMs + measureMs;
  };
  const timer = maxLoopDelayMs === 0 ? undefined : setInterval(measure, measureMs).unref();

  const count = (bytes: number, client: string): void => {
    heldBytes += bytes;
    const held = (heldBy.get(client) ?? 0) + bytes;
    if (held === 0) heldBy.delete(client);
    else heldBy.set(client, held);
  };
  return {
    // A measurement that is due and did not run is late as well.
    isLate: () => timer !== undefined && Math.max(delayMs, monotonicMs() - expectedMs) > maxLoopDelayMs,
    hold(bytes, client, response) {
      if (bytes < smallBytes || maxBodyBytes === 0) return true;
      const held = heldBy.get(client) ?? 0;
      if (held > 0 && (held + bytes > maxBodyBytes / 2 || heldBytes + bytes > maxBodyBytes)) return false;
      if (heldBytes + bytes > 2 * maxBodyBytes) return false;
      count(bytes, client);
      response.once('close', () => count(-bytes, client));
      return true;
    },
    get heldBytes() {
      return heldBytes;
    },
    close() {
      clearInterval(timer);
    },
  };
}
