/** A semaphore over attempts: bounds how many are under way in all, and to one target. First come, first served. */

export interface Concurrency {
  /** Resolves when an attempt at `target` may start, with the function that releases its place. */
  acquire(target: string): Promise<() => void>;
  /** Does the same at once; undefined if there is no place. */
  tryAcquire(target: string): (() => void) | undefined;
}

export function makeConcurrency({
  max,
  maxPerTarget,
}: {
  readonly max: number;
  readonly maxPerTarget: number;
}): Concurrency {
  let running = 0;
  const runningAt = new Map<string, number>();
  const waiting: { readonly target: string; readonly start: () => void }[] = [];

  const isFree = (target: string): boolean => running < max && (runningAt.get(target) ?? 0) < maxPerTarget;
  const occupy = (target: string): (() => void) => {
    running += 1;
    runningAt.set(target, (runningAt.get(target) ?? 0) + 1);
    return () => {
      running -= 1;
      const left = (runningAt.get(target) ?? 1) - 1;
      if (left === 0) runningAt.delete(target);
      else runningAt.set(target, left);
      const at = waiting.findIndex((next) => isFree(next.target));
      if (at === -1) return;
      const [next] = waiting.splice(at, 1);
      next?.start();
    };
  };

  return {
    tryAcquire: (target) => (isFree(target) ? occupy(target) : undefined),
    acquire(target) {
      if (isFree(target)) return Promise.resolve(occupy(target));
      const { promise, resolve } = Promise.withResolvers<() => void>();
      waiting.push({ target, start: () => resolve(occupy(target)) });
      return promise;
    },
  };
}
