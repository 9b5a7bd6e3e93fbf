/** The fault rules, and the interceptor that applies them. */
import type { Interceptor } from '../../protocols/kit/intercept.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { Nodes } from '../nodes/nodes.ts';
import { check, checkErrorName, checkMatch } from './checks.ts';
import type { Fault } from './fault.ts';
import { interceptOutgoing } from './intercept-outgoing.ts';
import { interceptRequests } from './intercept-requests.ts';
import { makeSwaps } from './outgoing.ts';
import { makeLocalRules } from './rules/local-rules.ts';
import type { NewRule, Rule, RuleBook } from './rules/rule-book.ts';
import { makeSharedRules } from './rules/shared-rules.ts';
import { clockOf, type FaultsOptions } from './state.ts';

/** A change resolves when every node obeys it. All reject with StoreUnavailable where rules are in a store that is away. */
export interface Faults {
  readonly interceptor: Interceptor;
  list(): Promise<readonly Rule[]>;
  get(id: string): Promise<Rule | undefined>;
  /** Adds a rule at the end, or replaces the rule of that id in its place. Rejects with OperatorRefusal. */
  put(fault: Fault): Promise<Rule>;
  /** Throws OperatorRefusal for a rule that would be refused. */
  check(fault: Fault): void;
  /** Removes all rules and adds these: all, or none if one is refused with OperatorRefusal. */
  replaceAll(faults: readonly Fault[]): Promise<void>;
  /** Removes a rule; returns it as it was. */
  remove(id: string): Promise<Rule | undefined>;
  /** Removes the rules for this tenant alone. Returns how many. */
  removeOf(tenant: string): Promise<number>;
  /** Lets go what a rule holds; returns how much that was. Rejects with OperatorRefusal for an unknown one. */
  release(id: string): Promise<number>;
  close(): void;
}

/** Makes the rules: of this process, or those of all nodes. */
export function makeFaults(options: FaultsOptions, nodes?: Nodes): Faults {
  const swaps = makeSwaps();
  const shared =
    nodes === undefined ? undefined : makeSharedRules({ nodes, swaps, wallMs: () => options.wallMs() });
  const book: RuleBook = shared ?? makeLocalRules(swaps, () => options.wallMs());
  const checked = (fault: Fault): NewRule => {
    check(fault);
    checkErrorName(fault, options.sampleError);
    checkMatch(fault, options.names);
    const startMs = clockOf(fault, options);
    if (startMs !== undefined) return { fault, startMs };
    throw new OperatorRefusal(
      400,
      'when.clock: lease needs a match.tenant without *, and a store in this process',
    );
  };
  return {
    interceptor: {
      ...interceptRequests(book, options),
      outgoing: interceptOutgoing(book, swaps, options),
    },
    list: () => book.list(),
    get: async (id) => (await book.list()).find((rule) => rule.id === id),
    put: async (fault) => book.put(checked(fault)),
    check: (fault) => void checked(fault),
    replaceAll: async (faults) => book.replaceAll(faults.map(checked)),
    remove: async (id) => (await book.remove((rule) => rule.id === id))[0],
    removeOf: async (tenant) => (await book.remove(({ fault }) => fault.match?.tenant === tenant)).length,
    async release(id) {
      const released = await book.release(id);
      if (released === undefined) throw new OperatorRefusal(404, `no fault rule ${id}`);
      return released;
    },
    close: () => shared?.close(),
  };
}
