/** What happens at the called end of a call that the API dials: emulated telephones answer by rule. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import { agentsOf, type ModelServices } from '../../model/services.ts';
import { failureReasons } from '../../reports/call-failed.ts';
import type { Member } from '../../reports/members.ts';
import { type Callee, calledNumber, type Service } from './call.ts';
import type { Step } from './step.ts';

export const Answering = Type.Union(
  [
    Type.Literal('answer'),
    Type.Literal('busy'),
    Type.Literal('noAnswer'),
    Type.Literal('unreachable'),
    Type.Literal('ring'),
  ],
  {
    description:
      'what a called number does; "ring": it rings until a step or another call of the API ends that',
  },
);
export type Answering = Static<typeof Answering>;

/** What answering depends on: the states of telephones, their rules, and who belongs to queues and ring groups. */
interface Telephones extends Pick<ModelServices, 'queues' | 'ringGroups'> {
  readonly extensions: readonly { readonly number: string; readonly status?: string }[];
  readonly answering?: Readonly<Record<string, Answering>>;
}

/** States in which a telephone takes no second call. */
const engaged: ReadonlySet<string> = new Set(['Busy', 'Ringing', 'Hold', 'InUse']);
const unreachable: ReadonlySet<string> = new Set(['Unavailable', 'Unregistered', 'Malfunction', 'Fxsnoport']);

/** Returns the steps of a call from the dialling on. The caller's own telephone rings first, and is picked up. */
export function stepsOfDialling(model: Telephones, caller: Member, callee: Callee): readonly Step[] {
  const callerDoes = caller.type === 'ext' ? byStatus(model, caller.number) : undefined;
  if (callerDoes !== undefined) return [failure(callerDoes)];
  const dialled: readonly Step[] = [{ step: 'dial' }];
  if (callee.type === 'service') return [...dialled, ...stepsOfService(model, caller, callee)];
  const number = calledNumber(callee);
  const does = (callee.type === 'ext' ? byStatus(model, number) : undefined) ?? rule(model, number);
  switch (does) {
    case 'answer':
      return [...dialled, { step: 'ring' }, { step: 'answer' }];
    case 'ring':
      return [...dialled, { step: 'ring' }];
    case 'noAnswer':
      return [...dialled, { step: 'ring' }, { step: 'fail', reason: failureReasons.noAnswer }];
    default:
      return [...dialled, failure(does)];
  }
}

/** The first extension of a queue or a ring group that rings. Callers of a queue wait for one; a ring group without one fails. */
function stepsOfService(model: Telephones, caller: Member, { kind, number }: Service): readonly Step[] {
  const ringing = agentsOf(model, number).find(
    (agent) =>
      byStatus(model, agent) === undefined &&
      (rule(model, agent) === 'answer' || rule(model, agent) === 'ring') &&
      !(caller.type === 'ext' && caller.number === agent),
  );
  if (ringing === undefined)
    return kind === 'ringGroup'
      ? [{ step: 'ringGroup' }, { step: 'fail', reason: failureReasons.noAnswer }]
      : [{ step: kind }];
  const answers: readonly Step[] = rule(model, ringing) === 'answer' ? [{ step: 'answer' }] : [];
  return [{ step: kind }, { step: 'ring', to: ringing }, ...answers];
}

function failure(does: 'busy' | 'unreachable'): Step {
  return { step: 'fail', reason: failureReasons[does] };
}

/** Returns true if a number picks up when it is called now. */
export function isFree(model: Telephones, number: string): boolean {
  return byStatus(model, number) === undefined && rule(model, number) === 'answer';
}

function rule({ answering = {} }: Telephones, number: string): Answering {
  return (Object.hasOwn(answering, number) ? answering[number] : undefined) ?? 'answer';
}

function byStatus({ extensions }: Telephones, number: string): 'busy' | 'unreachable' | undefined {
  const status = extensions.find((extension) => extension.number === number)?.status ?? '';
  if (engaged.has(status)) return 'busy';
  return unreachable.has(status) ? 'unreachable' : undefined;
}
