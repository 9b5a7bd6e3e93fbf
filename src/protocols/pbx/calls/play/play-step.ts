/** The steps of a played call: each returns the reports that a PBX sends for it, and the next state of the call and of the extensions. Pure. */
import type { Model } from '../../model/model.ts';
import { failureReasons } from '../../reports/call-failed.ts';
import type { Report } from '../../reports/catalog.ts';
import { CallRefused, membersOf, type OpenCall } from './call.ts';
import { recordOf, statusOfFailure } from './call-record.ts';
import { endPrompt, enterService, ring, survey } from './play-service.ts';
import { consult, forward, operateConsultation, secondCall, transfer } from './play-transfer.ts';
import type { Play, PlayedStep, StepOf } from './played-step.ts';
import type { Step } from './step.ts';
import { answering, failing, released, statusReports, talking, withStatus } from './step-reports.ts';

/** Plays one step. Throws CallRefused for a step that cannot follow. */
export function playStep(model: Model, call: OpenCall, step: Step): PlayedStep {
  const { after, play } = steps[step.step];
  if (!after.includes(call.phase))
    throw new CallRefused(`step "${step.step}" is not possible while the call is ${call.phase}`);
  // The table has the function of each step under its name.
  return (play as Play<Step>)(model, call, step);
}

const dial: Play<StepOf<'dial'>> = (model, call) => {
  const next = withStatus(model, call.caller, 'Ringing');
  return { call, model: next, reports: statusReports(model, next) };
};

const invite: Play<StepOf<'invite'>> = (model, call) => {
  const { callid, caller } = call;
  if (caller.type !== 'inbound') throw new CallRefused('only an inbound call can be accepted or refused');
  return {
    call: { ...call, phase: 'invited', control: true },
    model,
    reports: [{ report: 'Invite', callid, members: [caller] }],
  };
};

const answer: Play<StepOf<'answer'>> = (model, call) => {
  const next = withStatus(withStatus(model, call.caller, 'Busy'), call.callee, 'Busy');
  return {
    call: { ...call, phase: 'answered' },
    model: next,
    reports: [...answering(call), ...statusReports(model, next)],
  };
};

const hold: Play<StepOf<'hold'>> = (model, call, step) => {
  const { callid, caller, callee } = call;
  const by = step.by ?? (caller.type === 'ext' ? 'caller' : 'callee');
  const members = membersOf(call).map((member, at) => {
    const isHolder = at === (by === 'caller' ? 0 : 1);
    return { ...member, memberstatus: isHolder ? 'HOLD' : at === 0 ? 'ANSWERED' : 'ANSWER' };
  });
  return {
    call: { ...call, phase: 'held', heldBy: by },
    // Lists show the state; no report carries it.
    model: withStatus(model, by === 'caller' ? caller : callee, 'Hold'),
    reports: [{ report: 'HOLD', callid, members }],
  };
};

const resume: Play<StepOf<'resume'>> = (model, call) => ({
  call: { ...call, phase: 'answered' },
  model: withStatus(withStatus(model, call.caller, 'Busy'), call.callee, 'Busy'),
  reports: [talking(call)],
});

const maxKeys = 256;

const dtmf: Play<StepOf<'dtmf'>> = (model, call, { key }) => {
  const keys = (call.keys + key).slice(-maxKeys);
  return {
    call: { ...call, keys },
    model,
    reports: [
      { report: 'DTMF', callid: call.callid, members: membersOf(call).slice(0, 1), info: key, infos: keys },
    ],
  };
};

/** Returns the model with the telephones of all who took part at rest. */
function atRest(model: Model, { caller, callee, third, consultation }: OpenCall): Model {
  return [caller, callee, third, consultation?.target].reduce<Model>(
    (next, member) => withStatus(next, member, 'rest'),
    model,
  );
}

const hangup: Play<StepOf<'hangup'>> = (model, call, { by = 'caller' }) => {
  const { callid, phase, consultation } = call;
  const next = atRest(model, call);
  const second = consultation === undefined ? undefined : secondCall(call, consultation);
  // Documented for v1.1.0 only: the caller gives up while the callee rings.
  const gaveUp: Report[] =
    phase === 'ringing' && by === 'caller'
      ? [{ ...failing(call, failureReasons.cancelled), shapes: ['callList'] }]
      : [];
  return {
    call: undefined,
    model: next,
    reports: [
      ...gaveUp,
      ...(second === undefined ? [] : released(second.callid, membersOf(second), 'caller')),
      ...released(callid, membersOf(call), by),
      ...statusReports(model, next),
      recordOf(call, statusAtEnd(call)),
    ],
  };
};

function statusAtEnd({ phase, callee }: OpenCall) {
  if (callee.type === 'service' && callee.kind === 'voicemail') return 'VOICEMAIL';
  return phase === 'invited' || phase === 'ringing' ? 'NO ANSWER' : 'ANSWERED';
}

const fail: Play<StepOf<'fail'>> = (model, call, { reason = failureReasons.busy }) => {
  const next = atRest(model, call);
  const record = recordOf(call, statusOfFailure(reason));
  return {
    call: undefined,
    model: next,
    reports: [failing(call, reason), ...statusReports(model, next), record],
  };
};

/** The steps, and the phases of a call that each may follow. */
const steps: {
  readonly [N in Step['step']]: {
    readonly after: readonly OpenCall['phase'][];
    readonly play: Play<StepOf<N>>;
  };
} = {
  dial: { after: ['new'], play: dial },
  invite: { after: ['new'], play: invite },
  ring: { after: ['new', 'invited', 'ringing', 'service'], play: ring },
  answer: { after: ['ringing'], play: answer },
  ivr: { after: ['new', 'invited', 'ringing', 'service'], play: enterService },
  queue: { after: ['new', 'invited', 'ringing', 'service'], play: enterService },
  ringGroup: { after: ['new', 'invited', 'ringing', 'service'], play: enterService },
  conference: { after: ['new', 'invited', 'ringing', 'service'], play: enterService },
  voicemail: { after: ['new', 'invited', 'ringing', 'service'], play: enterService },
  prompt: { after: ['service', 'answered'], play: endPrompt },
  dtmf: { after: ['service', 'answered'], play: dtmf },
  survey: { after: ['service', 'answered'], play: survey },
  hold: { after: ['answered'], play: hold },
  resume: { after: ['held'], play: resume },
  forward: { after: ['new', 'invited', 'ringing'], play: forward },
  transfer: { after: ['ringing', 'answered', 'held'], play: transfer },
  consult: { after: ['answered', 'held'], play: consult },
  consultation: { after: ['consulting'], play: operateConsultation },
  hangup: { after: ['invited', 'ringing', 'service', 'answered', 'held', 'consulting'], play: hangup },
  fail: { after: ['new', 'invited', 'ringing'], play: fail },
};
