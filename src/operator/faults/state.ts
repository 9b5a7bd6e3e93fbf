/** A rule with what became of it, and when it fires. */
import type { Exchange, Outgoing } from '../../protocols/kit/intercept.ts';
import type { Place } from '../../protocols/kit/operator/page.ts';
import { durationMs } from '../duration.ts';
import type { KnownNames } from '../selector/check.ts';
import type { Firing, SampleError } from './apply.ts';
import { randomAt } from './decide.ts';
import type { Fault } from './fault.ts';

export interface FaultsOptions {
  wallMs(): number;
  /** Returns a tenant's lease clock at once; undefined: it is not known here. */
  leaseMs?(tenant: string): number | undefined;
  readonly sampleError: SampleError;
  readonly names: KnownNames;
  /** Called for every firing on a request. */
  onFired(exchange: Exchange, id: string): void;
  /** Called for every firing on a message, which carries the id of the rule. */
  onFiredOutgoing?<Result>(message: Outgoing<Result>): void;
  /** Called for a message that is not sent. */
  onLost?<Result>(message: Outgoing<Result>): void;
}

/** How often a rule matched and fired. */
export interface Counts {
  matched: number;
  fired: number;
}

export interface State extends Counts {
  readonly id: string;
  readonly fault: Fault;
  readonly createdMs: number;
  /** Sorts rules by their creation; a rule that replaces another has its place. */
  readonly place: Place;
  /** The reading of the clock of `when.for` at its creation. */
  readonly startMs: number;
  /** Functions that release the requests held by the rule in this process. */
  readonly held: Set<() => void>;
}

/** Counts a match. Returns the number of the match if the rule fires on it. */
export function countMatch(fault: Fault, counts: Counts): number | undefined {
  const { skip = 0, share = 1, seed = 0 } = fault.when ?? {};
  counts.matched += 1;
  if (counts.matched <= skip || isExhausted(fault, counts)) return undefined;
  if (share !== 1 && randomAt(seed, counts.matched) >= share) return undefined;
  counts.fired += 1;
  return counts.matched;
}

/** Returns whether a rule fired as often as it may. */
export function isExhausted({ when }: Fault, { fired }: Counts): boolean {
  const { count = 1 } = when ?? {};
  return count !== 'all' && fired >= count;
}

/** Returns whether the time of a rule is over. */
export function isOver({ fault, startMs }: State, options: FaultsOptions): boolean {
  if (fault.when?.for === undefined) return false;
  return (clockOf(fault, options) ?? startMs) - startMs >= durationMs(fault.when.for);
}

/** Returns the reading of the clock by which a rule ends; undefined for a lease clock that is not known here. */
export function clockOf({ match, when }: Fault, { wallMs, leaseMs }: FaultsOptions): number | undefined {
  if (when?.clock !== 'lease') return wallMs();
  const tenant = match?.tenant;
  return tenant === undefined || tenant.includes('*') ? undefined : leaseMs?.(tenant);
}

/** Counts a match of a rule, in this process or over all nodes. Returns the number of the match if the rule fires on it. */
export type Claim = (state: State) => number | undefined | Promise<number | undefined>;

/** Returns the first rule that matches and fires, without a promise unless a count takes one. `states` is read up to that rule. */
export function firstFiring(
  states: Iterator<State>,
  matches: (state: State) => boolean,
  claim: Claim,
): Firing | undefined | Promise<Firing | undefined> {
  for (let next = states.next(); next.done !== true; next = states.next()) {
    const state = next.value;
    if (!matches(state)) continue;
    const claimed = claim(state);
    if (claimed instanceof Promise)
      return claimed.then((matched) =>
        matched === undefined ? firstFiring(states, matches, claim) : firingOf(state, matched),
      );
    if (claimed !== undefined) return firingOf(state, claimed);
  }
  return undefined;
}

const firingOf = ({ id, fault, held }: State, matched: number): Firing => ({ id, fault, matched, held });

/** Lets the requests go that a rule holds in this process; returns how many those are. */
export function releaseHeld({ held }: State): number {
  const { size } = held;
  for (const go of [...held]) go();
  return size;
}

/** Returns a request body as JSON; undefined for anything else. */
export function jsonOf(body: unknown): unknown {
  try {
    return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString()) : undefined;
  } catch {
    return undefined;
  }
}
