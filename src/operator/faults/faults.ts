/** The fault rules of this process, and the interceptor that applies them. */
import { setTimeout as pause } from 'node:timers/promises';
import type { HeaderList, Reply } from '../../http/reply.ts';
import { drop, type Exchange, type Interceptor, type Send } from '../../protocols/kit/intercept.ts';
import { StoreUnavailable } from '../../store/store.ts';
import { durationMs } from '../duration.ts';
import { BadRequest } from '../schemas.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { logNormalMs, randomAt } from './decide.ts';
import { type Effect, exclusiveEffects, type Fault } from './fault.ts';
import { dribbled, garbage, reset, truncated } from './senders.ts';

const maxRules = 1_000;
const maxHoldMs = 10 * 60_000;
const slowStoreMs = 1_000;

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
  /** Returns an error of a protocol's table; undefined for an unknown name. */
  sampleError(protocol: string, name: string): Error | undefined;
  /** Called for every firing. */
  onFired(exchange: Exchange, id: string): void;
}

interface State {
  readonly id: string;
  readonly fault: Fault;
  readonly createdMs: number;
  matched: number;
  fired: number;
  readonly held: Set<() => void>;
}

/** Makes the rules. */
export function makeFaults(options: FaultsOptions): Faults {
  const rules = new Map<string, State>();
  const decided = new WeakMap<Exchange, State>();
  let lastId = 0;

  const isOver = ({ fault, createdMs }: State): boolean =>
    fault.when?.for !== undefined && options.wallMs() - createdMs >= durationMs(fault.when.for);

  /** The first rule, in order of creation, that matches and fires. */
  const decide = (exchange: Exchange, candidate: Selectable, seesReply: boolean): State | undefined => {
    for (const state of rules.values()) {
      const { match = {} } = state.fault;
      const needsReply = match.status !== undefined || match.answered !== undefined;
      if (needsReply !== seesReply || isOver(state) || !isSelected(candidate, match)) continue;
      state.matched += 1;
      if (!fires(state)) continue;
      state.fired += 1;
      options.onFired(exchange, state.id);
      return state;
    }
    return undefined;
  };

  const before: Interceptor['before'] = (exchange) => {
    if (rules.size === 0) return undefined;
    const state = decide(exchange, selectableOf(exchange), false);
    if (state === undefined) return undefined;
    decided.set(exchange, state);
    return applyBefore(state, exchange, options);
  };
  const after: Interceptor['after'] = (exchange, reply) => {
    if (rules.size === 0 && !decided.has(exchange)) return reply;
    const early = decided.get(exchange);
    if (early !== undefined) return applyAfter(early.fault.do, reply);
    if (typeof reply === 'function') return reply;
    const seen = { ...selectableOf(exchange), status: reply.status, answered: true };
    const state = decide(exchange, seen, true);
    if (state === undefined) return reply;
    return applyBefore(state, exchange, options).then((replaced) =>
      applyAfter(state.fault.do, replaced ?? reply),
    );
  };

  const view = ({ id, fault, createdMs, matched, fired, held }: State): Rule => {
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
  };
  const release = (state: State): number => {
    const { size } = state.held;
    for (const go of [...state.held]) go();
    return size;
  };

  return {
    interceptor: { isIdle: () => rules.size === 0, before, after },
    list: () => [...rules.values()].map(view),
    get(id) {
      const state = rules.get(id);
      return state === undefined ? undefined : view(state);
    },
    put(fault) {
      check(fault);
      if (fault.id === undefined) lastId += 1;
      const id = fault.id ?? `fault-${lastId}`;
      const known = rules.get(id);
      if (known === undefined && rules.size >= maxRules)
        throw new BadRequest(409, `there are ${maxRules} fault rules already; remove some first`);
      if (known !== undefined) release(known);
      const state = {
        id,
        fault,
        createdMs: options.wallMs(),
        matched: 0,
        fired: 0,
        held: new Set<() => void>(),
      };
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

/** What happens before the operation runs, or in place of it. Throws what the dialect is to render. */
async function applyBefore(
  state: State,
  { protocol }: Exchange,
  { sampleError }: FaultsOptions,
): Promise<Reply | Send | undefined> {
  const { do: effect, when } = state.fault;
  if (effect.delay !== undefined) await pause(delayMs(effect, randomAt(when?.seed ?? 0, state.matched)));
  if (effect.hold === true) await hold(state);
  if (effect.store === 'slow') await pause(slowStoreMs);
  if (effect.store === 'away') throw new StoreUnavailable(`fault ${state.id}`);
  if (effect.drop === 'before') return drop;
  if (effect.reset === true) return reset;
  if (effect.error !== undefined) {
    const error = sampleError(protocol, effect.error);
    if (error !== undefined) throw error;
  }
  if (effect.status !== undefined) return replyOf(effect, effect.status);
  return undefined;
}

/** What happens to the reply of an operation that ran. */
function applyAfter(effect: Effect, reply: Reply | Send): Reply | Send {
  if (effect.drop === 'after') return drop;
  if (effect.garbage === true) return garbage;
  if (typeof reply === 'function') return reply;
  if (effect.truncate !== undefined) return truncated(reply, effect.truncate);
  if (effect.dribble !== undefined)
    return dribbled(reply, { bytes: effect.dribble.bytes, everyMs: durationMs(effect.dribble.every) });
  if ('answer' in effect) return { ...reply, body: textOf(effect.answer) };
  return reply;
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

function replyOf({ headers = {}, body }: Effect, status: number): Reply {
  const list: HeaderList = Object.entries({
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  }).flat();
  return { status, headers: list, body: body === undefined ? '' : textOf(body) };
}

function delayMs({ delay = 0 }: Effect, uniform: number): number {
  if (typeof delay !== 'object') return durationMs(delay);
  return logNormalMs(durationMs(delay.median), delay.sigma, uniform);
}

/** Resolves when the rule is released, and after ten minutes in any case. */
function hold({ held }: State): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, maxHoldMs);
  held.add(resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    held.delete(resolve);
  });
}
