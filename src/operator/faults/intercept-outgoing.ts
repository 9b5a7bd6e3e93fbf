/** Applies the rules that are about what the server sends to applications. */
import type { Interceptor, Outgoing } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { applyOutgoing, isOutgoing, placeOf, type Swaps } from './outgoing.ts';
import { type FaultsOptions, fires, isOver, jsonOf, type State } from './state.ts';

/** Applies the first rule about messages that matches and fires; then sends what waited for a message to this place. */
export function interceptOutgoing(
  rules: ReadonlyMap<string, State>,
  swaps: Swaps,
  options: FaultsOptions,
): NonNullable<Interceptor['outgoing']> {
  const decide = (candidate: Selectable): State | undefined => {
    for (const state of rules.values()) {
      const { match = {} } = state.fault;
      if (!isOutgoing(state.fault) || isOver(state, options) || !isSelected(candidate, match)) continue;
      state.matched += 1;
      if (!fires(state)) continue;
      state.fired += 1;
      return state;
    }
    return undefined;
  };
  return async (message, send) => {
    const sendWaiting = swaps.take(placeOf(message));
    const state = decide(selectableMessage(message));
    // The next message was already swapped with an earlier one.
    if (state === undefined || (sendWaiting !== undefined && state.fault.do.swapWithNext === true)) {
      const result = await send();
      await sendWaiting?.();
      return result;
    }
    message.fault = state.id;
    options.onFiredOutgoing?.(message);
    const onLost = (): void => options.onLost?.(message);
    const result = await applyOutgoing(state, { message, swaps, send, onLost });
    await sendWaiting?.();
    return result;
  };
}

function selectableMessage<Result>({ protocol, operation, subject, request }: Outgoing<Result>): Selectable {
  const { tenant, group, holder } = subject;
  return {
    ...{ protocol, tenant, group, holder, operation },
    direction: 'out',
    body: () => jsonOf(Buffer.from(request.body)),
  };
}
