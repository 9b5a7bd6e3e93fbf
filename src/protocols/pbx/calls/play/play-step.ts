/**
 * The steps of a played call: each returns the reports that a PBX sends for it, and the next state of the call and of the
 * extensions. Pure. Which reports belong to a step: S-Series API v1.1.0 and v2.0.0.
 */
import { type Model, restingStatus, withExtensionStatus } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import type { Member } from '../../reports/members.ts';
import type { Shape } from '../../reports/report-kind.ts';
import { CallRefused, type OpenCall, type Step } from './call.ts';
import { recordOf } from './call-record.ts';
import { extensionMember } from './start-call.ts';

export interface PlayedStep {
  /** Undefined: the call is over. */
  readonly call: OpenCall | undefined;
  readonly model: Model;
  readonly reports: readonly Report[];
}

type StepOf<N extends Step['step']> = Extract<Step, { step: N }>;
type Play<S extends Step> = (model: Model, call: OpenCall, step: S) => PlayedStep;

/** The shapes that have a report of its own for each side of a call; the event shape has one for both. */
const actionShapes: Shape[] = ['legacy', 'callList', 'openvox'];
const eventShape: Shape[] = ['event'];

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

const ring: Play<StepOf<'ring'>> = (model, call) => {
  const { callid, caller, callee, phase } = call;
  const next = withStatus(withStatus(model, caller, 'Busy'), callee, 'Ringing');
  const isControlled = caller.type === 'inbound' && call.control === true;
  // Documented with the control of inbound calls: the application is asked, and then receives a report that the call arrived.
  const asked: Report[] =
    isControlled && phase === 'new' ? [{ report: 'Invite', callid, members: [caller] }] : [];
  const arrived: Report[] = isControlled ? [{ report: 'Incoming', callid, members: [caller] }] : [];
  return {
    call: { ...call, phase: 'ringing' },
    model: next,
    reports: [...asked, ...arrived, ...ringing(call), ...statusReports(model, next)],
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
  const holder = by === 'caller' ? caller : callee;
  const members = [caller, callee].map((member, at) => ({
    ...member,
    memberstatus: member === holder ? 'HOLD' : at === 0 ? 'ANSWERED' : 'ANSWER',
  }));
  return {
    call: { ...call, phase: 'held', heldBy: by },
    // Lists show the state; no report carries it.
    model: withStatus(model, holder, 'Hold'),
    reports: [{ report: 'HOLD', callid, members }],
  };
};

const resume: Play<StepOf<'resume'>> = (model, call) => {
  const { callid, caller, callee } = call;
  return {
    call: { ...call, phase: 'answered' },
    model: withStatus(withStatus(model, caller, 'Busy'), callee, 'Busy'),
    reports: [{ report: 'ANSWER', callid, members: [caller, callee], shapes: eventShape }],
  };
};

const transfer: Play<StepOf<'transfer'>> = (model, call, { to, by = 'callee', reported = true }) => {
  const { callid, caller, callee } = call;
  if (!model.extensions.some(({ number }) => number === to))
    throw new CallRefused(`extension ${to} does not exist`);
  const target = extensionMember({ number: to, type: 'SIP' }, callid, 2);
  const [leaving, staying] = by === 'callee' ? [callee, caller] : [caller, callee];
  const ends = by === 'callee' ? { caller, callee: target } : { caller: target, callee };
  const next = withStatus(withStatus(withStatus(model, leaving, 'rest'), staying, 'Busy'), target, 'Busy');
  // The member that transfers comes first, then the other end.
  const transfer: Report[] = reported ? [{ report: 'Transfer', callid, members: [leaving, staying] }] : [];
  return {
    call: { ...call, ...ends, phase: 'answered', transferred: true },
    model: next,
    reports: [
      ...transfer,
      { report: 'ANSWER', callid, members: [ends.caller, ends.callee], shapes: eventShape },
      ...statusReports(model, next),
    ],
  };
};

const maxKeys = 256;

const dtmf: Play<StepOf<'dtmf'>> = (model, call, { key }) => {
  const { callid, caller } = call;
  const keys = (call.keys + key).slice(-maxKeys);
  return {
    call: { ...call, keys },
    model,
    reports: [{ report: 'DTMF', callid, members: [caller], info: key, infos: keys }],
  };
};

const hangup: Play<StepOf<'hangup'>> = (model, call, { by = 'caller' }) => {
  const { caller, callee, phase } = call;
  const next = withStatus(withStatus(model, caller, 'rest'), callee, 'rest');
  const record = recordOf(call, phase === 'answered' || phase === 'held' ? 'ANSWERED' : 'NO ANSWER');
  return {
    call: undefined,
    model: next,
    reports: [...released(call, by), ...statusReports(model, next), record],
  };
};

const fail: Play<StepOf<'fail'>> = (model, call, { reason = 'User busy' }) => {
  const { callid, caller, callee } = call;
  const next = withStatus(withStatus(model, caller, 'rest'), callee, 'rest');
  const failed: Report = { report: 'CallFailed', reason, callid, members: [caller, callee] };
  const record = recordOf(call, /busy/i.test(reason) ? 'BUSY' : 'FAILED');
  return { call: undefined, model: next, reports: [failed, ...statusReports(model, next), record] };
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
  ring: { after: ['new', 'invited'], play: ring },
  answer: { after: ['ringing'], play: answer },
  hold: { after: ['answered'], play: hold },
  resume: { after: ['held'], play: resume },
  transfer: { after: ['ringing', 'answered', 'held'], play: transfer },
  dtmf: { after: ['answered'], play: dtmf },
  hangup: { after: ['invited', 'ringing', 'answered', 'held'], play: hangup },
  fail: { after: ['new', 'invited', 'ringing'], play: fail },
};

/**
 * The caller gets the ringing tone, then the callee rings. In the older shapes both are reported only for calls dialled by the API; of
 * inbound calls, which are never dialled here, they are reported too.
 */
function ringing({ callid, caller, callee, dialledBy }: OpenCall): Report[] {
  const members = [caller, callee];
  if (dialledBy === 'phone' && caller.type !== 'inbound')
    return [{ report: 'RING', callid, members, shapes: eventShape }];
  return [
    { report: 'ALERT', callid, members: [caller], shapes: actionShapes },
    { report: 'RING', callid, members },
  ];
}

/** The callee's report and the caller's belong together. */
function answering({ callid, caller, callee }: OpenCall): Report[] {
  const members = [caller, callee];
  return [
    { report: 'ANSWER', callid, members },
    { report: 'ANSWERED', callid, members, shapes: actionShapes },
  ];
}

/** Two reports, the first of which begins with who hung up, and the second with the other end; one in the event shape. */
function released({ callid, caller, callee }: OpenCall, by: 'caller' | 'callee'): Report[] {
  const members = [caller, callee];
  const other = by === 'caller' ? 'callee' : 'caller';
  return [
    { report: 'BYE', callid, members, hungUpBy: by },
    { report: 'BYE', callid, members, hungUpBy: other, shapes: actionShapes },
  ];
}

function withStatus(model: Model, member: Member, status: 'Busy' | 'Ringing' | 'Hold' | 'rest'): Model {
  if (member.type !== 'ext') return model;
  const extension = model.extensions.find(({ number }) => number === member.number);
  return withExtensionStatus(model, member.number, status === 'rest' ? restingStatus(extension) : status);
}

/** Returns a report for each extension whose state changed; Hold is not one of the states that are reported. */
function statusReports(before: Model, after: Model): Report[] {
  return after.extensions.flatMap(({ number, status }, at) =>
    status === undefined || status === 'Hold' || before.extensions[at]?.status === status
      ? []
      : [{ report: 'ExtensionStatus' as const, extension: number, status }],
  );
}
