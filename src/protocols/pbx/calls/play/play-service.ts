/** Calls that the PBX itself answers: IVR, queue, conference and voicemail; ring groups; prompts and surveys. Pure. */
import type { Model } from '../../model/model.ts';
import { agentsOf } from '../../model/services.ts';
import { type Callee, CallRefused, calledNumber, membersOf, type OpenCall, refuseMember } from './call.ts';
import { calleeOf, extensionMember, findExtension } from './parties.ts';
import type { Play, StepOf } from './played-step.ts';
import type { ServiceKind, Step } from './step.ts';
import { answeredByService, arriving, ringing, statusReports, withStatus } from './step-reports.ts';

type ServiceStep = StepOf<ServiceKind>;

export const enterService: Play<ServiceStep> = (model, call, step) => {
  const { callee } = call;
  const kind = step.step;
  const isVoicemail = kind === 'voicemail';
  const named = 'number' in step ? step.number : undefined;
  if (named === undefined && !isVoicemail && callee.type !== 'service')
    throw new CallRefused(`step "${kind}" needs a number: ${calledNumber(callee)} is none of that kind`);
  const number = named ?? calledNumber(callee);
  // Voicemail is not one of the paths that documents name.
  const { callpath: _, ...rest } = call;
  const entered: OpenCall = {
    ...rest,
    callee: { type: 'service', kind, number },
    ...(isVoicemail ? {} : { callpath: number }),
  };
  const idle = withStatus(model, callee, 'rest');
  // A ring group answers no call: one of its extensions does.
  if (kind === 'ringGroup')
    return { call: { ...entered, phase: 'new' }, model: idle, reports: statusReports(model, idle) };
  const next = withStatus(idle, call.caller, 'Busy');
  return {
    call: { ...entered, phase: 'service' },
    model: next,
    reports: [
      ...arriving(call),
      answeredByService(entered, call.phase === 'service' ? 'again' : 'first'),
      ...statusReports(model, next),
    ],
  };
};

export const ring: Play<StepOf<'ring'>> = (model, call, { to }) => {
  if (to !== undefined && to !== calledNumber(call.callee)) refuseMember(call, to);
  const callee = ringingEnd(model, call, to);
  const idle = call.callee === callee ? model : withStatus(model, call.callee, 'rest');
  const next = withStatus(withStatus(idle, call.caller, 'Busy'), callee, 'Ringing');
  const ringingCall: OpenCall = {
    ...call,
    callee,
    phase: 'ringing',
    ...(call.callee.type === 'service' && call.callee.kind === 'queue' ? { isQueued: true } : {}),
  };
  return {
    call: ringingCall,
    model: next,
    reports: [...arriving(call), ...ringing(ringingCall), ...statusReports(model, next)],
  };
};

/** Returns who rings: the callee, or an extension that the PBX connects. Throws CallRefused if there is none. */
function ringingEnd(model: Model, { callid, caller, callee }: OpenCall, to: string | undefined): Callee {
  const place = { callid, offset: 1 };
  if (to !== undefined) {
    const target = calleeOf(model, to, calledNumber(callee), place);
    if (target.type === 'service')
      throw new CallRefused(`${to} is no telephone; play the step "${target.kind}"`);
    return target;
  }
  if (callee.type !== 'service') return callee;
  const busy = new Set(['Busy', 'Ringing', 'Hold', 'Unavailable', 'Unregistered']);
  const agent = agentsOf(model, callee.number)
    .map((number) => findExtension(model, number))
    .find(
      (found) =>
        found !== undefined &&
        !busy.has(found.status ?? '') &&
        !(caller.type === 'ext' && caller.number === found.number),
    );
  if (agent === undefined)
    throw new CallRefused(`${callee.number} has no free extension; name one as "to" of the step "ring"`);
  return extensionMember(agent, place);
}

export const endPrompt: Play<StepOf<'prompt'>> = (model, call, { prompt }) => {
  const { callid, callee } = call;
  const members = membersOf(call).slice(0, 1);
  if (prompt !== undefined)
    return { call, model, reports: [{ report: 'PlayPromptEnd', callid, members, prompt }] };
  if (callee.type !== 'service' || callee.kind !== 'ivr')
    throw new CallRefused('a prompt needs its file name, except in an IVR');
  return { call, model, reports: [{ report: 'PlayPromptEnd', callid, members, ivr: callee.number }] };
};

export const survey: Play<StepOf<'survey'>> = (model, call, { result }) => ({
  call,
  model,
  reports: [{ report: 'Satisfaction', callid: call.callid, surveyresult: result }],
});

/** Returns the steps of a whole call to a number of the PBX, answered by the first extension that it connects. */
export function wholeServiceCall(kind: ServiceKind): readonly Step[] {
  const connects = kind === 'queue' || kind === 'ringGroup';
  return [
    { step: kind },
    ...(connects ? ([{ step: 'ring' }, { step: 'answer' }] as const) : []),
    { step: 'hangup' },
  ];
}
