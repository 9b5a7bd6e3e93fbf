/** What the checker finds. */

/** The guarantees that a history can violate. */
export const rules = [
  'shard overlap',
  'lease expired early',
  'dead lease answered as live',
  'ended lease answered as live',
  'expiry lost',
  'expiry twice',
  'event lost',
  'event duplicated',
  'event out of order',
  'event late',
  'report lost',
  'report out of order',
  'acknowledged write lost',
  'write duplicated',
  'occupancy differs after quiet',
  'shards differ after quiet',
  'not recovered',
  'unexpected reply',
] as const;

export type Rule = (typeof rules)[number];

/** One contradiction: what it is about, and the time within which it came about. */
export interface Finding {
  readonly rule: Rule;
  readonly what: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Verdict {
  readonly violations: readonly Finding[];
  /** What contradicts a guarantee while a fault is at work for which the documentation states a possible loss. */
  readonly statedLosses: readonly Finding[];
}
