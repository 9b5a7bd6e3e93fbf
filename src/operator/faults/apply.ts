/** What a fault does to one request. */
import { setTimeout as pause } from 'node:timers/promises';
import type { HeaderList, Reply } from '../../http/reply.ts';
import { drop, type Exchange, type Send } from '../../protocols/kit/intercept.ts';
import { StoreUnavailable } from '../../store/store.ts';
import { durationMs } from '../duration.ts';
import { logNormalMs, randomAt } from './decide.ts';
import type { Effect, Fault } from './fault.ts';
import { dribbled, garbage, reset, truncated } from './senders.ts';

const maxHoldMs = 10 * 60_000;
const slowStoreMs = 1_000;

/** A rule that fires. */
export interface Firing {
  readonly id: string;
  readonly fault: Fault;
  /** Matches so far, this one included. */
  readonly matched: number;
  /** Functions that release the requests held by the rule. */
  readonly held: Set<() => void>;
}

/** Returns an error of the table of a protocol, or of any for `*`; undefined for an unknown name. */
export type SampleError = (protocol: string, name: string) => Error | undefined;

/** What happens before the operation runs, or in place of it. Throws what the dialect is to render. */
export async function applyBefore(
  state: Firing,
  { protocol }: Exchange,
  sampleError: SampleError,
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
export function applyAfter(effect: Effect, reply: Reply | Send): Reply | Send {
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

/** Returns how long a rule delays. `uniform` lies in [0, 1). */
export function delayMs({ delay = 0 }: Effect, uniform: number): number {
  if (typeof delay !== 'object') return durationMs(delay);
  return logNormalMs(durationMs(delay.median), delay.sigma, uniform);
}

/** Resolves when the rule is released, and after ten minutes in any case. */
function hold({ held }: Firing): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, maxHoldMs);
  held.add(resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    held.delete(resolve);
  });
}
