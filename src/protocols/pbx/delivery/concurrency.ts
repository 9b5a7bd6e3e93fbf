/** How many attempts may be under way: this server must not be what brings an application, or itself, down. */

export interface Slots {
  /** Resolves when an attempt at `target` may begin; first come, first served. The answer gives the place back. */
  take(target: string): Promise<() => void>;
  /** The same at once, or undefined if there is no place. */
  tryTake(target: string): (() => void) | undefined;
}

export function makeSlots(most: number, mostPerTarget: number): Slots {
  let taken = 0;
  const perTarget = new Map<string, number>();
  const waiting: { readonly target: string; readonly go: () => void }[] = [];

  const isFree = (target: string): boolean => taken < most && (perTarget.get(target) ?? 0) < mostPerTarget;
  const occupy = (target: string): (() => void) => {
    taken += 1;
    perTarget.set(target, (perTarget.get(target) ?? 0) + 1);
    return () => {
      taken -= 1;
      const left = (perTarget.get(target) ?? 1) - 1;
      if (left === 0) perTarget.delete(target);
      else perTarget.set(target, left);
      const at = waiting.findIndex((next) => isFree(next.target));
      if (at === -1) return;
      const [next] = waiting.splice(at, 1);
      next?.go();
    };
  };

  return {
    tryTake: (target) => (isFree(target) ? occupy(target) : undefined),
    take(target) {
      if (isFree(target)) return Promise.resolve(occupy(target));
      const { promise, resolve } = Promise.withResolvers<() => void>();
      waiting.push({ target, go: () => resolve(occupy(target)) });
      return promise;
    },
  };
}
