/** The fault rules of this process, and the interceptor that applies them. */
import type { Exchange, Interceptor } from '../../protocols/kit/intercept.ts';
import { durationMs } from '../duration.ts';
import { BadRequest } from '../schemas.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { applyAfter, applyBefore, type Firing, type SampleError } from './apply.ts';
import { randomAt } from './decide.ts';
import { exclusiveEffects, type Fault } from './fault.ts';

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

export interface FaultsOptions {
  wallMs(): number;
  readonly sampleError: SampleError;
  /** Called for every firing. */
  onFired(exchange: Exchange, id: string): void;
}

interface State extends Firing {
  readonly createdMs: number;
  matched: number;
  fired: number;
}

/** Makes the rules. */
export function makeFaults(options: FaultsOptions): Faults {
  const rules = new Map<string, State>();
  let lastId = 0;
  const freshId = (): string => {
    lastId += 1;
    return `fault-${lastId}`;
  };
  return {
    interceptor: interceptWith(rules, options),
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
      if (known !== undefined) release(known);
      const counts = { matched: 0, fired: 0, held: new Set<() => void>() };
      const state = { id, fault, createdMs: options.wallMs(), ...counts };
      rules.set(id, state);
      return view(state);
    },
    remove(id) {
      const state = rules.get(id);
      if (state !== undefined) release(state);
      return rules.delete(id);
    },
    clear() {
      for (const state of rules.values()) release(state);
      rules.clear();
    },
    release(id) {
      const state = rules.get(id);
      if (state === undefined) throw new BadRequest(404, `no fault rule ${id}`);
      return release(state);
    },
  };
}

const slot = 'fault';

function interceptWith(rules: ReadonlyMap<string, State>, options: FaultsOptions): Interceptor {
  const isOver = ({ fault, createdMs }: State): boolean =>
    fault.when?.for !== undefined && options.wallMs() - createdMs >= durationMs(fault.when.for);

  /** The first rule, in order of creation, that matches and fires. */
  const decide = (
    exchange: Exchange,
    candidate: Selectable,
    stage: 'request' | 'reply',
  ): State | undefined => {
    for (const state of rules.values()) {
      const { match = {} } = state.fault;
      const needsReply = match.status !== undefined || match.answered !== undefined;
      if (needsReply !== (stage === 'reply') || isOver(state) || !isSelected(candidate, match)) continue;
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

function check(fault: Fault): void {
  const effects = exclusiveEffects.filter((name) => fault.do[name] !== undefined);
  if (effects.length > 1) throw new BadRequest(400, `do: ${effects.join(' and ')} exclude each other`);
  const hasReplyPart = fault.do.body !== undefined || fault.do.headers !== undefined;
  if (hasReplyPart && fault.do.status === undefined)
    throw new BadRequest(400, 'do: body and headers need a status');
  const { match = {}, do: effect } = fault;
  const needsReply = match.status !== undefined || match.answered !== undefined;
  if (needsReply && (effect.error !== undefined || effect.store !== undefined || effect.drop === 'before'))
    throw new BadRequest(400, 'match: a rule on the reply cannot act before the request runs');
}

/** A misspelt name would make a rule that does nothing. */
function checkErrorName({ match = {}, do: { error } }: Fault, sampleError: SampleError): void {
  if (error === undefined || sampleError(match.protocol ?? '*', error) !== undefined) return;
  const where = match.protocol === undefined ? 'no protocol has' : `${match.protocol} has no`;
  throw new BadRequest(400, `do.error: ${where} error ${JSON.stringify(error)}`);
}

function fires({ fault, matched, fired }: State): boolean {
  const { skip = 0, count = 1, share = 1, seed = 0 } = fault.when ?? {};
  if (matched <= skip) return false;
  if (count !== 'all' && fired >= count) return false;
  return share === 1 || randomAt(seed, matched) < share;
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

function jsonOf(body: unknown): unknown {
  try {
    return body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString()) : undefined;
  } catch {
    return undefined;
  }
}
