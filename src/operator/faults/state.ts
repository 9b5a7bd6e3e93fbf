/** A rule with what became of it, and when it fires. */
import type { Exchange, Outgoing } from '../../protocols/kit/intercept.ts';
import { durationMs } from '../duration.ts';
import type { Firing, SampleError } from './apply.ts';
import { randomAt } from './decide.ts';
import type { Fault } from './fault.ts';

export interface FaultsOptions {
  wallMs(): number;
  /** Returns a tenant's lease clock at once; undefined: it is not known here. */
  leaseMs?(tenant: string): number | undefined;
  readonly sampleError: SampleError;
  /** Called for every firing on a request. */
  onFired(exchange: Exchange, id: string): void;
  /** Called for every firing on a message, which carries the id of the rule. */
  onFiredOutgoing?<Result>(message: Outgoing<Result>): void;
  /** Called for a message that is not sent. */
  onLost?<Result>(message: Outgoing<Result>): void;
}

export interface State extends Firing {
  readonly createdMs: number;
  /** The reading of the clock of `when.for` at its creation. */
  readonly startMs: number;
  matched: number;
  fired: number;
}

/** Returns whether a rule fires on the match that was counted last. */
export function fires({ fault, matched, fired }: State): boolean {
  const { skip = 0, count = 1, share = 1, seed = 0 } = fault.when ?? {};
  if (matched <= skip) return false;
  if (count !== 'all' && fired >= count) return false;
  return share === 1 || randomAt(seed, matched) < share;
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

/** Returns a request body as JSON; undefined for anything else. */
export function jsonOf(body: unknown): unknown {
  try {
    return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString()) : undefined;
  } catch {
    return undefined;
  }
}
