/** Applies the rules that are about requests of clients. */
import type { Reply } from '../../http/reply.ts';
import type { Exchange, Interceptor, Send } from '../../protocols/kit/intercept.ts';
import { isSelected, type Selectable } from '../selector/selector.ts';
import { applyAfter, applyBefore, type Firing } from './apply.ts';
import { isOutgoing } from './outgoing.ts';
import type { RuleBook } from './rules/rule-book.ts';
import { type FaultsOptions, firstFiring, isOver, jsonOf, type State } from './state.ts';

/** Applies the first rule, in order of creation, that matches and fires. */
export function interceptRequests(
  book: Pick<RuleBook, 'rules' | 'claim'>,
  options: FaultsOptions,
): Pick<Interceptor, 'isIdle' | 'before' | 'after'> {
  const decide = (candidate: Selectable, stage: 'request' | 'reply') => {
    const matches = (state: State): boolean => {
      const { match = {} } = state.fault;
      const needsReply = match.status !== undefined || match.answered !== undefined;
      return (
        needsReply === (stage === 'reply') &&
        !isOutgoing(state.fault) &&
        !isOver(state, options) &&
        isSelected(candidate, match)
      );
    };
    return firstFiring(book.rules.values(), matches, book.claim);
  };
  const applyEarly = (exchange: Exchange, firing: Firing | undefined) => {
    if (firing === undefined) return undefined;
    options.onFired(exchange, firing.id);
    exchange.firing = firing;
    return applyBefore(firing, exchange, options.sampleError);
  };
  const applyLate = async (exchange: Exchange, firing: Firing, reply: Reply): Promise<Reply | Send> => {
    options.onFired(exchange, firing.id);
    const replaced = await applyBefore(firing, exchange, options.sampleError);
    return applyAfter(firing.fault.do, replaced ?? reply);
  };

  return {
    isIdle: () => book.rules.size === 0,
    before(exchange) {
      if (book.rules.size === 0) return undefined;
      const found = decide(selectableOf(exchange), 'request');
      if (found instanceof Promise) return found.then((firing) => applyEarly(exchange, firing));
      return applyEarly(exchange, found);
    },
    after(exchange, reply) {
      const early = exchange.firing as Firing | undefined;
      if (early !== undefined) return applyAfter(early.fault.do, reply);
      if (book.rules.size === 0 || typeof reply === 'function') return reply;
      const found = decide({ ...selectableOf(exchange), status: reply.status, answered: true }, 'reply');
      if (found instanceof Promise)
        return found.then((firing) => (firing === undefined ? reply : applyLate(exchange, firing, reply)));
      return found === undefined ? reply : applyLate(exchange, found, reply);
    },
  };
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
