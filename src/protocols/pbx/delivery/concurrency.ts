/**
 * Which attempts may be under way at the same time. Half of the places are for everybody, up to a share per user. The other half is
 * kept for users with few attempts under way, and for targets with none, so that slow receivers of one user do not delay another.
 */

/** Who an attempt is for. */
export interface Party {
  readonly user: string;
  /** Host and port. */
  readonly target: string;
}

export interface Concurrency {
  /** Resolves when an attempt may start, with the function that releases its place. Users take turns. */
  acquire(party: Party): Promise<() => void>;
  /** Does the same at once; undefined if there is no place. */
  tryAcquire(party: Party): (() => void) | undefined;
}

export interface ConcurrencyLimits {
  /** Of all attempts. */
  readonly max: number;
  readonly maxPerTarget: number;
}

/** A user with fewer attempts under way may use the reserve. */
const fewAttempts = 8;

interface Waiting {
  readonly party: Party;
  readonly start: () => void;
}

export function makeConcurrency({ max, maxPerTarget }: ConcurrencyLimits): Concurrency {
  const shared = Math.ceil(max / 2);
  const maxPerUser = Math.ceil(shared / 2);
  let running = 0;
  const runningOf = makeCounts();
  const runningAt = makeCounts();
  /** By user. The user served last is the last one. */
  const waiting = new Map<string, Waiting[]>();

  const isFree = ({ user, target }: Party): boolean => {
    const own = runningOf.get(user);
    const there = runningAt.get(target);
    if (running >= max || there >= maxPerTarget) return false;
    if (running < shared && own < maxPerUser) return true;
    return own < fewAttempts || (there === 0 && own < shared);
  };
  const startNext = (): void => {
    for (const [user, entries] of waiting) {
      const at = entries.findIndex(({ party }) => isFree(party));
      if (at === -1) continue;
      const [next] = entries.splice(at, 1);
      waiting.delete(user);
      if (entries.length > 0) waiting.set(user, entries);
      next?.start();
      return;
    }
  };
  const occupy = ({ user, target }: Party): (() => void) => {
    running += 1;
    runningOf.add(user, 1);
    runningAt.add(target, 1);
    return () => {
      running -= 1;
      runningOf.add(user, -1);
      runningAt.add(target, -1);
      startNext();
    };
  };

  return {
    tryAcquire: (party) => (isFree(party) ? occupy(party) : undefined),
    acquire(party) {
      if (isFree(party)) return Promise.resolve(occupy(party));
      const { promise, resolve } = Promise.withResolvers<() => void>();
      const entry = { party, start: () => resolve(occupy(party)) };
      const entries = waiting.get(party.user);
      if (entries === undefined) waiting.set(party.user, [entry]);
      else entries.push(entry);
      return promise;
    },
  };
}

/** Numbers by name; those that are 0 take no memory. */
function makeCounts() {
  const counts = new Map<string, number>();
  return {
    get: (name: string): number => counts.get(name) ?? 0,
    add(name: string, by: number): void {
      const count = (counts.get(name) ?? 0) + by;
      if (count === 0) counts.delete(name);
      else counts.set(name, count);
    },
  };
}
