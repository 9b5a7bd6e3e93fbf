/** Refuses rules that could do nothing, or not what they say. */

import { refusedNames } from '../../http/refusal.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import { noProtocol } from '../known-names.ts';
import { checkSelector, type KnownNames } from '../selector/check.ts';
import type { SampleError } from './apply.ts';
import { exclusiveEffects, type Fault } from './fault.ts';
import { inboundOnly, isOutgoing, outgoingEffects } from './outgoing.ts';

/** Throws OperatorRefusal for effects that exclude each other, or that a match rules out. */
export function check(fault: Fault): void {
  const effects = exclusiveEffects.filter((name) => fault.do[name] !== undefined);
  if (effects.length > 1) throw new OperatorRefusal(400, `do: ${effects.join(' and ')} exclude each other`);
  const hasReplyPart = fault.do.body !== undefined || fault.do.headers !== undefined;
  if (hasReplyPart && fault.do.status === undefined)
    throw new OperatorRefusal(400, 'do: body and headers need a status');
  const { match = {}, do: effect } = fault;
  checkDirection(fault);
  const needsReply = match.status !== undefined || match.answered !== undefined;
  if (needsReply && (effect.error !== undefined || effect.store !== undefined || effect.drop === 'before'))
    throw new OperatorRefusal(400, 'match: a rule on the reply cannot act before the request runs');
}

function checkDirection(fault: Fault): void {
  const { match = {}, do: effect } = fault;
  const outgoing = outgoingEffects.filter((name) => effect[name] !== undefined);
  if (match.direction === 'in' && outgoing.length > 0)
    throw new OperatorRefusal(
      400,
      `do: ${outgoing.join(' and ')} is for what the server sends (direction out)`,
    );
  if (!isOutgoing(fault)) return;
  const foreign = inboundOnly(effect);
  if (foreign.length > 0)
    throw new OperatorRefusal(
      400,
      `do: ${foreign.join(' and ')} is for requests, not for what the server sends`,
    );
  if (match.status !== undefined || match.answered !== undefined)
    throw new OperatorRefusal(400, 'match: a rule for what the server sends cannot match the reply');
}

/** Throws OperatorRefusal for a name that no table has: a misspelt one would make a rule that does nothing. */
export function checkErrorName({ match = {}, do: { error } }: Fault, sampleError: SampleError): void {
  if (error === undefined || sampleError(match.protocol ?? '*', error) !== undefined) return;
  const where = match.protocol === undefined ? 'no protocol has' : `${match.protocol} has no`;
  throw new OperatorRefusal(400, `do.error: ${where} error ${JSON.stringify(error)}`);
}

/** Throws OperatorRefusal for a rule that can match nothing, such as one of a misspelt operation. */
export function checkMatch(fault: Fault, names: KnownNames): void {
  const { match = {} } = fault;
  const isRefused = refusedNames.some((name) => name === match.operation);
  if (match.protocol === noProtocol || isRefused)
    throw new OperatorRefusal(400, 'match: no rule can fire on what is refused before any protocol sees it');
  const where = 'match.';
  if (isOutgoing(fault)) checkSelector(names, { ...match, direction: 'out' }, { of: 'requests', where });
  else checkSelector(names, match, { of: 'received requests', where });
}
