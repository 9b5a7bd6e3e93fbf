/** The fault rules of this process, and the interceptor that applies them. */
import type { Exchange, Interceptor } from '../../protocols/kit/intercept.ts';
import { BadRequest } from '../schemas.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { applyAfter, applyBefore } from './apply.ts';
import { check, checkErrorName } from './checks.ts';
import type { Fault } from './fault.ts';
import { interceptOutgoing } from './intercept-outgoing.ts';
import { isOutgoing, makeSwaps } from './outgoing.ts';
import { clockOf, type FaultsOptions, fires, isOver, jsonOf, type State } from './state.ts';

const maxRules = 1_000;

/** A rule with what became of it. */
export interface Rule {
  readonly id: string;
  readonly fault: Fault;
  readonly createdMs: number;
  readonly matched: number;
  readonly fired: number;
  /** Requests that are held now. */
  readonly held: number;
  /** How often it will still fire; null: as often as it matches. */
  readonly remaining: number | null;
}

export interface Faults {
  readonly interceptor: Interceptor;
  list(): readonly Rule[];
  get(id: string): Rule | undefined;
  /** Adds a rule at the end, or replaces the rule of that id in its place. Throws BadRequest. */
  put(fault: Fault): Rule;
  remove(id: string): boolean;
  clear(): void;
  /** Lets the requests go that a rule holds; returns how many those are. */
  release(id: string): number;
}

/** Makes the rules. */
export function makeFaults(options: FaultsOptions): Faults {
  const rules = new Map<string, State>();
  const swaps = makeSwaps();
  const letGo = (state: State): number => release(state) + swaps.release(state.id);
  let lastId = 0;
  const freshId = (): string => {
    lastId += 1;
    return `fault-${lastId}`;
  };
  return {
    interceptor: { ...interceptWith(rules, options), outgoing: interceptOutgoing(rules, swaps, options) },
    list: () => [...rules.values()].map(view),
    get(id) {
      const state = rules.get(id);
      return state === undefined ? undefined : view(state);
    },
    put(fault) {
      check(fault);
      checkErrorName(fault, options.sampleError);
      const id = fault.id ?? freshId();
      const known = rules.get(id);
      if (known === undefined && rules.size >= maxRules)
        throw new BadRequest(409, `there are ${maxRules} fault rules already; remove some first`);
      const startMs = clockOf(fault, options);
      if (startMs === undefined)
        throw new BadRequest(
          400,
          'when.clock: lease needs a match.tenant without *, and a store in this process',
        );
      if (known !== undefined) letGo(known);
      const counts = { matched: 0, fired: 0, held: new Set<() => void>() };
      const state = { id, fault, createdMs: options.wallMs(), startMs, ...counts };
      rules.set(id, state);
      return view(state);
    },
    remove(id) {
      const state = rules.get(id);
      if (state !== undefined) letGo(state);
      return rules.delete(id);
    },
    clear() {
      for (const state of rules.values()) release(state);
      rules.clear();
      // Nobody who cleared the rules expects another message because of them.
      swaps.discard();
    },
    release(id) {
      const state = rules.get(id);
      if (state === undefined) throw new BadRequest(404, `no fault rule ${id}`);
      return letGo(state);
    },
  };
}

const slot = 'fault';

function interceptWith(rules: ReadonlyMap<string, State>, options: FaultsOptions): Interceptor {
  /** The first rule, in order of creation, that matches and fires. */
  const decide = (
    exchange: Exchange,
    candidate: Selectable,
    stage: 'request' | 'reply',
  ): State | undefined => {
    for (const state of rules.values()) {
      const { match = {} } = state.fault;
      const needsReply = match.status !== undefined || match.answered !== undefined;
      if (
        needsReply !== (stage === 'reply') ||
        isOutgoing(state.fault) ||
        isOver(state, options) ||
        !isSelected(candidate, match)
      )
        continue;
      state.matched += 1;
      if (!fires(state)) continue;
      state.fired += 1;
      options.onFired(exchange, state.id);
      return state;
    }
    return undefined;
  };

  return {
    isIdle: () => rules.size === 0,
    before(exchange) {
      if (rules.size === 0) return undefined;
      const state = decide(exchange, selectableOf(exchange), 'request');
      if (state === undefined) return undefined;
      exchange.kept[slot] = state;
      return applyBefore(state, exchange, options.sampleError);
    },
    after(exchange, reply) {
      const early = exchange.kept[slot] as State | undefined;
      if (early !== undefined) return applyAfter(early.fault.do, reply);
      if (rules.size === 0 || typeof reply === 'function') return reply;
      const seen = { ...selectableOf(exchange), status: reply.status, answered: true };
      const state = decide(exchange, seen, 'reply');
      if (state === undefined) return reply;
      return applyBefore(state, exchange, options.sampleError).then((replaced) =>
        applyAfter(state.fault.do, replaced ?? reply),
      );
    },
  };
}

function view({ id, fault, createdMs, matched, fired, held }: State): Rule {
  const count = fault.when?.count ?? 1;
  return {
    id,
    fault,
    createdMs,
    matched,
    fired,
    held: held.size,
    remaining: count === 'all' ? null : Math.max(0, count - fired),
  };
}

function release(state: State): number {
  const { size } = state.held;
  for (const go of [...state.held]) go();
  return size;
}

function selectableOf({ protocol, operation, subject, request }: Exchange): Selectable {
  const { tenant, group, holder } = subject;
  return {
    protocol,
    tenant,
    group,
    holder,
    operation: operation.name,
    direction: 'in',
    body: () => jsonOf(request.body),
  };
}
