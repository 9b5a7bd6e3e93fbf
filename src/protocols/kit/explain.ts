/** How a protocol explains a situation to an operator: what it is asked, what it may look at, and what it returns. */
import type { Tenant } from '../../store/store.ts';

/** What an operator asks about: a tenant, a group of it, or a holder. */
export interface WhySubject {
  readonly tenant: Tenant;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
}

/** The beginning or the end of a lease, as a node recorded it. */
export interface PastLease {
  readonly type: 'granted' | 'released' | 'expired';
  readonly tenant: Tenant;
  readonly group: string;
  readonly holder: string;
  /** The tenant's date, ms since 1970. */
  readonly atMs: number;
}

/** A vendor request as the journal has it. */
export interface PastRequest {
  /** Sequence number in the journal. */
  readonly entry: number;
  /** The node whose journal that is; absent: the one that is asked. */
  readonly node?: string;
  /** Wall time of receipt, ISO 8601. */
  readonly at: string;
  readonly operation: string;
  readonly group: string | null;
  /** Undefined while there is no reply. */
  readonly status: number | undefined;
  /** Decoded bodies; secrets are masked. */
  readonly body: unknown;
  readonly reply: unknown;
}

/** What happened before, as far as the nodes remember it: bounded. Of other nodes it has what they know of the subject of the question. */
export interface Evidence {
  /** Returns beginnings and ends of the leases that match, newest first. */
  leases(subject: WhySubject): readonly PastLease[];
  /** Returns requests about a holder, newest first; none without a journal. */
  requests(subject: WhySubject & { readonly operation?: string }): readonly PastRequest[];
}

/** Why something is as it is: sentences for people, and the data that they were made from. */
export interface Explanation {
  readonly sentences: string[];
  readonly facts: Record<string, unknown>;
}

/** The subject has a name that is not known. */
export interface UnknownName {
  /** What the protocol calls it: `consumer`, `channel`, … */
  readonly unknown: string;
  readonly name: string;
  /** Names that are known in its place. */
  readonly known: readonly string[];
}

/** Wish to hand a shard over to another holder. */
export interface ShardMove {
  readonly tenant: Tenant;
  readonly group: string;
  readonly shard: number;
  readonly to: string;
}

/** Why a shard is not handed over. */
export interface RefusedMove {
  readonly refused: string;
}

/** Returns names as a list in a sentence: `0, 1 and 2`. */
export function listed(names: readonly (string | number)[]): string {
  return names.length <= 1 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Returns a noun with its names: `shard 1`, `shards 1 and 2`. */
export function named(noun: string, names: readonly (string | number)[]): string {
  return `${noun}${names.length === 1 ? '' : 's'} ${listed(names)}`;
}

/** Returns each name once, in the order of the first. */
export function distinct(names: Iterable<string>): string[] {
  return [...new Set(names)];
}
