/** Applies the rules that are about what the server sends to applications. */
import type { Interceptor, Outgoing } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { applyOutgoing, isOutgoing, placeOf, type Swaps } from './outgoing.ts';
import type { RuleBook } from './rules/rule-book.ts';
import { type FaultsOptions, firstFiring, isOver, jsonOf, type State } from './state.ts';

/** Applies the first rule about messages that matches and fires; then sends what waited for a message to this place. */
export function interceptOutgoing(
  book: Pick<RuleBook, 'rules' | 'claim'>,
  swaps: Swaps,
  options: FaultsOptions,
): NonNullable<Interceptor['outgoing']> {
  const decide = (candidate: Selectable) => {
    const matches = (state: State): boolean =>
      isOutgoing(state.fault) && !isOver(state, options) && isSelected(candidate, state.fault.match ?? {});
    return firstFiring(book.rules.values(), matches, book.claim);
  };
  return async (message, send) => {
    const sendWaiting = swaps.take(placeOf(message));
    const state = await decide(selectableMessage(message));
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
