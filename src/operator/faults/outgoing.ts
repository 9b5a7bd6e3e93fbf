/** What a fault does to something that the server sends to an application. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Outgoing } from '../../protocols/kit/intercept.ts';
import { delayMs, type Firing } from './apply.ts';
import { randomAt } from './decide.ts';
import type { Effect } from './fault.ts';

/** The next message to the same place never came: the one that waits is sent after so long, ms. */
const maxSwapMs = 10 * 60_000;

/** Effects on what the server sends; the first three mean nothing for a request. */
export const outgoingEffects = [
  'lose',
  'repeat',
  'swapWithNext',
] as const satisfies readonly (keyof Effect)[];
/** Effects on requests that mean something for what the server sends as well. */
const sharedEffects: ReadonlySet<string> = new Set(['delay', 'drop', 'status']);

/** Returns the effects that mean nothing for what the server sends. */
export function inboundOnly(effect: Effect): readonly string[] {
  const known = new Set<string>(outgoingEffects);
  return Object.keys(effect).filter((name) => !known.has(name) && !sharedEffects.has(name));
}

/** Whether a rule is about what the server sends. */
export function isOutgoing({ match, do: effect }: Firing['fault']): boolean {
  return match?.direction === 'out' || outgoingEffects.some((name) => effect[name] !== undefined);
}

/** Messages that wait for the next one to the same place. */
export interface Swaps {
  /** Returns what sends the message that waits for this place, which then waits no more. */
  take(place: string): (() => Promise<void>) | undefined;
  /** Sends those that a rule holds back; returns how many. */
  release(id: string): number;
  /** Forgets all of them. */
  discard(): void;
  put(id: string, place: string, send: () => Promise<void>): void;
}

/** Makes the place where messages wait. */
export function makeSwaps(): Swaps {
  const waiting = new Map<
    string,
    { readonly id: string; readonly timer: NodeJS.Timeout; send(): Promise<void> }
  >();
  const take: Swaps['take'] = (place) => {
    const found = waiting.get(place);
    clearTimeout(found?.timer);
    waiting.delete(place);
    return found?.send;
  };
  return {
    take,
    release(id) {
      const places = [...waiting].filter(([, held]) => held.id === id).map(([place]) => place);
      for (const place of places) void take(place)?.();
      return places.length;
    },
    discard() {
      for (const place of [...waiting.keys()]) take(place);
    },
    put(id, place, send) {
      const timer = setTimeout(() => void take(place)?.(), maxSwapMs);
      timer.unref();
      waiting.set(place, { id, timer, send });
    },
  };
}

/** Where a message goes: those to one place are swapped with each other. */
export function placeOf<T>({ subject, request }: Outgoing<T>): string {
  return `${subject.group ?? ''} ${request.url}`;
}

/** What is known of a message beside the rule that fires on it. */
export interface OutgoingFiring<T> {
  readonly message: Outgoing<T>;
  readonly swaps: Swaps;
  send(): Promise<T>;
  /** Tells that the message is not sent. */
  onLost(): void;
}

/**
 * Applies a rule to a message. A lost or held-back one counts as delivered: that is how an application misses a report, or gets two in
 * the wrong order; a sender that knew would send again. Rejects with an AbortError if the attempt ends during a delay.
 */
export async function applyOutgoing<T>(state: Firing, firing: OutgoingFiring<T>): Promise<T> {
  const { message, swaps, send } = firing;
  const { do: effect, when } = state.fault;
  const delivered = (): T => message.replied(200);
  if (effect.delay !== undefined)
    await pause(delayMs(effect, randomAt(when?.seed ?? 0, state.matched)), undefined, {
      signal: message.signal,
    });
  if (effect.lose === true || effect.drop === 'before' || effect.status !== undefined) firing.onLost();
  if (effect.lose === true) return delivered();
  if (effect.drop === 'before') return message.failed(`lost by the fault ${state.id}`);
  if (effect.status !== undefined) return message.replied(effect.status);
  if (effect.swapWithNext === true) {
    swaps.put(state.id, placeOf(message), async () => {
      await send();
    });
    return delivered();
  }
  const result = await send();
  if (effect.drop === 'after') return message.failed(`the reply was lost by the fault ${state.id}`);
  for (let again = 1; again < (effect.repeat ?? 1); again += 1) await send();
  return result;
}
