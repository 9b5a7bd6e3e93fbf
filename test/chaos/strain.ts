/**
 * Notices when the machine is too busy for times to mean anything: this process then waits long for its turn, and so do the servers. What happens
 * meanwhile is excused as if a fault were at work.
 */
import type { Entry } from './history.ts';

export interface StrainWatch {
  /** Resolves once the machine has been calm for so long; false: it was not within the bound. */
  calm(forMs: number, boundMs: number): Promise<boolean>;
  stop(): void;
}

const checkMs = 50;
/** A turn that comes this much too late means that processes wait for each other, ms. */
const lateMs = 250;
/** Others wait as long before and after, ms. */
const spreadMs = 1_000;

/** Starts watching; records each strain. `pause` resolves early when the run stops. */
export function watchStrain(
  record: (entry: Entry) => void,
  pause: (ms: number) => Promise<void>,
): StrainWatch {
  let lastMs = performance.now();
  let strainedMs = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const isLate = nowMs - lastMs - checkMs > lateMs;
    if (isLate) {
      record({ kind: 'strain', startMs: lastMs - spreadMs, endMs: nowMs + spreadMs });
      strainedMs = nowMs;
    }
    lastMs = nowMs;
  }, checkMs);
  return {
    async calm(forMs, boundMs) {
      const startMs = performance.now();
      for (;;) {
        const sinceMs = Math.max(startMs, strainedMs);
        const missingMs = sinceMs + forMs - performance.now();
        if (missingMs <= 0) return true;
        if (performance.now() - startMs > boundMs) return false;
        const beforeMs = performance.now();
        await pause(missingMs);
        // The run stops.
        if (performance.now() - beforeMs < missingMs / 2) return false;
      }
    },
    stop: () => clearInterval(timer),
  };
}
