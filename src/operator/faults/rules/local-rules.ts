/** Fault rules of one process. */
import { OperatorRefusal } from '../../../protocols/kit/operator/refusal.ts';
import type { Swaps } from '../outgoing.ts';
import { countMatch, releaseHeld, type State } from '../state.ts';
import { maxRules, type NewRule, type RuleBook, viewRule } from './rule-book.ts';

/** Makes the rules of a process. */
export function makeLocalRules(swaps: Swaps, wallMs: () => number): RuleBook {
  const rules = new Map<string, State>();
  const letGo = (state: State): number => releaseHeld(state) + swaps.release(state.id);
  const view = (state: State) => viewRule(state, state.held.size);
  let lastId = 0;
  let created = 0;
  const freshId = (): string => {
    do lastId += 1;
    while (rules.has(`fault-${lastId}`));
    return `fault-${lastId}`;
  };
  const put = ({ fault, startMs }: NewRule): State => {
    const id = fault.id ?? freshId();
    const known = rules.get(id);
    if (known === undefined && rules.size >= maxRules)
      throw new OperatorRefusal(409, `there are ${maxRules} fault rules already; remove some first`);
    if (known !== undefined) letGo(known);
    const held = new Set<() => void>();
    created += 1;
    const place = known?.place ?? [created];
    const state = { id, fault, createdMs: wallMs(), place, startMs, matched: 0, fired: 0, held };
    rules.set(id, state);
    return state;
  };
  return {
    rules,
    claim: (state) => countMatch(state.fault, state),
    list: async () => [...rules.values()].map(view),
    put: async (rule) => view(put(rule)),
    async replaceAll(wanted) {
      for (const state of rules.values()) releaseHeld(state);
      rules.clear();
      // Clients that removed the rules expect no further message because of them.
      swaps.discard();
      for (const rule of wanted) put(rule);
    },
    async remove(isSelected) {
      const removed = [...rules.values()].filter((state) => isSelected(view(state)));
      for (const state of removed) {
        rules.delete(state.id);
        letGo(state);
      }
      return removed.map(view);
    },
    async release(id) {
      const state = rules.get(id);
      return state === undefined ? undefined : letGo(state);
    },
  };
}
