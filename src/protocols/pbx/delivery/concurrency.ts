/**
 * Which attempts may be under way at the same time. Half of the places are for everybody, up to a share per user. The other half is
 * kept for users with few attempts under way, and for targets with none, so that slow receivers of one user do not delay another.
 *
 * An attempt that is not over soon gives its place back and goes on beside the others, so that receivers that hang delay no one. There is
 * room for several times as many of these; a user has a share of it, and callbacks whose last attempt failed have half of it. The same
 * holds at one target, which applications of several users may share.
 */

/** Who an attempt is for. */
export interface Party {
  readonly user: string;
  /** Host and port. */
  readonly target: string;
  /** The last attempt there failed: it may use one half of what there is. */
  readonly isFailing?: boolean;
}

export interface Concurrency {
  /** Resolves when an attempt may start, with the function that ends it. Users take turns. */
  acquire(party: Party): Promise<() => void>;
  /** Does the same at once; undefined if there is no place. */
  tryAcquire(party: Party): (() => void) | undefined;
}

export interface ConcurrencyLimits {
  /** Of attempts that have just started. */
  readonly max: number;
  /** Of all attempts. */
  readonly maxPerTarget: number;
}

/** A user with fewer attempts under way may use the reserve. */
const fewAttempts = 8;
/** An attempt that lasts longer gives its place back, ms of real time. */
const soonMs = 50;
/** Of attempts that last longer, in relation to places. */
const lastingPerPlace = 4;

interface Waiting {
  readonly party: Party;
  readonly start: () => void;
}

/** Makes the places, all of them free. */
export function makeConcurrency({ max, maxPerTarget }: ConcurrencyLimits): Concurrency {
  const shared = Math.ceil(max / 2);
  const maxPerUser = Math.ceil(shared / 2);
  const maxPerUserAt = Math.ceil((maxPerTarget * 3) / 4);
  const maxFailingAt = Math.ceil(maxPerTarget / 2);
  const lasting = makeLasting(max * lastingPerPlace);
  let running = 0;
  const runningOf = makeCounts();
  /** Those that last included. */
  const attemptsAt = makeCounts();
  const attemptsOfAt = makeCounts();
  const waiting = makeWaitingUsers();

  const isFree = ({ user, target, isFailing = false }: Party): boolean => {
    const own = runningOf.get(user);
    const there = attemptsAt.get(target);
    if (running >= (isFailing ? shared : max)) return false;
    if (there >= (isFailing ? maxFailingAt : maxPerTarget)) return false;
    if (attemptsOfAt.get(`${target} ${user}`) >= maxPerUserAt) return false;
    if (running < shared && own < maxPerUser) return true;
    return own < fewAttempts || (there === 0 && own < shared);
  };
  const startNext = (): void => waiting.takeFirst(isFree)?.start();
  const occupy = (party: Party): (() => void) => {
    const { user, target } = party;
    running += 1;
    runningOf.add(user, 1);
    attemptsAt.add(target, 1);
    attemptsOfAt.add(`${target} ${user}`, 1);
    const giveBack = (): void => {
      // Else nobody waits for a place: those who wait do so for their target.
      const isScarce = running >= shared || runningOf.get(user) >= fewAttempts;
      running -= 1;
      runningOf.add(user, -1);
      if (isScarce) startNext();
    };
    const attempt: LastingAttempt = { party, giveBack };
    const timer = setTimeout(() => lasting.add(attempt), soonMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
      attemptsAt.add(target, -1);
      attemptsOfAt.add(`${target} ${user}`, -1);
      if (!lasting.end(attempt)) giveBack();
      startNext();
    };
  };

  return {
    tryAcquire: (party) => (isFree(party) ? occupy(party) : undefined),
    acquire(party) {
      if (isFree(party)) return Promise.resolve(occupy(party));
      const { promise, resolve } = Promise.withResolvers<() => void>();
      waiting.add({ party, start: () => resolve(occupy(party)) });
      return promise;
    },
  };
}

/** Attempts that wait for a place, in order within a user; users take turns. */
function makeWaitingUsers() {
  /** By user. The user served last is the last one. */
  const waiting = new Map<string, Waiting[]>();
  return {
    add(attempt: Waiting): void {
      const { user } = attempt.party;
      const own = waiting.get(user);
      if (own === undefined) waiting.set(user, [attempt]);
      else own.push(attempt);
    },
    /** Removes the first attempt that may start, and returns it. */
    takeFirst(mayStart: (party: Party) => boolean): Waiting | undefined {
      for (const [user, own] of waiting) {
        const at = own.findIndex(({ party }) => mayStart(party));
        if (at === -1) continue;
        const [next] = own.splice(at, 1);
        waiting.delete(user);
        if (own.length > 0) waiting.set(user, own);
        return next;
      }
      return undefined;
    },
  };
}

interface LastingAttempt {
  readonly party: Party;
  giveBack(): void;
}

/** Attempts that are not over soon: as many as there is room for give their places back, the others once there is room. */
function makeLasting(max: number) {
  const maxPerUser = Math.ceil(max / 4);
  const admitted = new Set<LastingAttempt>();
  const admittedOf = makeCounts();
  /** In the order in which they became due. */
  const due = new Set<LastingAttempt>();

  const hasRoom = ({ party: { user, isFailing = false } }: LastingAttempt): boolean =>
    admitted.size < (isFailing ? max / 2 : max) && admittedOf.get(user) < maxPerUser;
  const admit = (attempt: LastingAttempt): void => {
    due.delete(attempt);
    admitted.add(attempt);
    admittedOf.add(attempt.party.user, 1);
    attempt.giveBack();
  };

  return {
    /** Takes an attempt that is not over; its place is given back now or later. */
    add(attempt: LastingAttempt): void {
      if (hasRoom(attempt)) admit(attempt);
      else due.add(attempt);
    },
    /** Returns true if the attempt had given its place back. */
    end(attempt: LastingAttempt): boolean {
      due.delete(attempt);
      if (!admitted.delete(attempt)) return false;
      admittedOf.add(attempt.party.user, -1);
      for (const next of due) {
        if (!hasRoom(next)) continue;
        admit(next);
        break;
      }
      return true;
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
