/** Where the fault rules are: in this process, or in the store for all nodes. */
import type { Place } from '../../../protocols/kit/operator/page.ts';
import type { Fault } from '../fault.ts';
import type { Claim, State } from '../state.ts';

/** A rule with what became of it, over all nodes. */
export interface Rule {
  readonly id: string;
  readonly fault: Fault;
  readonly createdMs: number;
  /** Sorts rules by their creation. */
  readonly place: Place;
  readonly matched: number;
  readonly fired: number;
  /** Requests that are held now. */
  readonly held: number;
  /** How often it will still fire; null: as often as it matches. */
  readonly remaining: number | null;
}

/** A rule that was checked, with the reading of the clock by which it ends. */
export interface NewRule {
  readonly fault: Fault;
  readonly startMs: number;
}

export interface RuleBook {
  /** The rules that this node obeys, in order of creation. */
  readonly rules: ReadonlyMap<string, State>;
  readonly claim: Claim;
  list(): Promise<readonly Rule[]>;
  /** Adds a rule at the end, or replaces the rule of that id in its place. Rejects with OperatorRefusal. */
  put(rule: NewRule): Promise<Rule>;
  /** Removes all rules and adds these; messages that were held back are not sent. */
  replaceAll(rules: readonly NewRule[]): Promise<void>;
  /** Removes the rules that are selected; returns them as they were. Requests that they hold go on. */
  remove(isSelected: (rule: Rule) => boolean): Promise<readonly Rule[]>;
  /** Lets go what a rule holds; returns how much that was; undefined: there is no such rule. */
  release(id: string): Promise<number | undefined>;
}

/** Maximum number of rules. */
export const maxRules = 1_000;

/** Returns a rule as it is shown. */
export function viewRule(
  { id, fault, createdMs, place, matched, fired }: Omit<State, 'held' | 'startMs'>,
  held: number,
): Rule {
  const count = fault.when?.count ?? 1;
  const remaining = count === 'all' ? null : Math.max(0, count - fired);
  return { id, fault, createdMs, place, matched, fired, held, remaining };
}
