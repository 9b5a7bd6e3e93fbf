/** How a call gets another called end: forwarding, blind transfer and attended transfer. Pure. */

import type { Model } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import type { Member } from '../../reports/members.ts';
import {
  type Callee,
  CallRefused,
  type Consultation,
  membersOf,
  type OpenCall,
  refuseMember,
} from './call.ts';
import { calleeOf, laterId } from './parties.ts';
import type { Play, PlayedStep, StepOf } from './played-step.ts';
import type { Side } from './step.ts';
import {
  answeredByService,
  answering,
  arriving,
  eventShape,
  released,
  statusReports,
  talking,
  withStatus,
} from './step-reports.ts';

/** Tells the channels of those apart who join a call later, and the ids of a second call. */
const joining = { forwarded: 2, transferred: 2, consulted: 3, secondCall: 4 } as const;

export const forward: Play<StepOf<'forward'>> = (model, call, { to }) => {
  const { callid, caller, callee } = call;
  if (callee.type !== 'ext') throw new CallRefused('only an extension forwards calls');
  refuseMember(call, to);
  const target = calleeOf(model, to, callee.number, { callid, offset: joining.forwarded });
  const next = withStatus(model, callee, 'rest');
  return {
    call: { ...call, callee: target, phase: 'new', control: false },
    model: next,
    reports: [
      ...arriving(call),
      { report: 'Forward', callid, members: [caller] },
      ...statusReports(model, next),
    ],
  };
};

export const transfer: Play<StepOf<'transfer'>> = (model, call, { to, by = 'callee', reported = true }) => {
  const { callid } = call;
  const [leaving, staying] = ends(call, by);
  refuseMember(call, to);
  const target = calleeOf(model, to, leavingNumber(leaving), { callid, offset: joining.transferred });
  const both = by === 'caller' ? [leaving, staying] : [staying, leaving];
  const told: Report[] = reported ? [{ report: 'Transfer', callid, members: both }] : [];
  return connect(model, { ...call, transferred: true }, { by, leaving, staying, target, told });
};

interface Connection {
  /** The side that is replaced. */
  readonly by: Side;
  readonly leaving: Member;
  readonly staying: Member;
  readonly target: Callee;
  /** Reports that come first. */
  readonly told: readonly Report[];
}

/** Connects who stays to a new end. */
function connect(
  model: Model,
  call: OpenCall,
  { by, leaving, staying, target, told }: Connection,
): PlayedStep {
  const resting = withStatus(withStatus(model, leaving, 'rest'), staying, 'Busy');
  if (target.type === 'service') {
    const next: OpenCall = {
      ...call,
      caller: staying,
      callee: target,
      callpath: target.number,
      phase: 'service',
    };
    return {
      call: next,
      model: resting,
      reports: [...told, answeredByService(next, 'again'), ...statusReports(model, resting)],
    };
  }
  const ended = withStatus(resting, target, 'Busy');
  const next: OpenCall = {
    ...call,
    ...(by === 'callee' ? { callee: target } : { caller: target }),
    phase: 'answered',
  };
  return { call: next, model: ended, reports: [...told, talking(next), ...statusReports(model, ended)] };
}

export const consult: Play<StepOf<'consult'>> = (model, call, { to, by = 'callee' }) => {
  const { callid } = call;
  const [consulting, held] = ends(call, by);
  const target = calleeOf(model, to, leavingNumber(consulting), { callid, offset: joining.consulted });
  if (target.type === 'service') throw new CallRefused(`${to} is not a telephone: transfer without asking`);
  refuseMember(call, to);
  const consultation: Consultation = {
    callid: laterId(callid, joining.secondCall),
    by,
    target,
    talksTo: 'target',
  };
  const next = withStatus(withStatus(model, held, 'Hold'), target, 'Busy');
  return {
    call: { ...call, consultation, phase: 'consulting' },
    model: next,
    reports: [
      holding(call, held),
      ...answering(secondCall(call, consultation)),
      ...statusReports(model, next),
    ],
  };
};

export const operateConsultation: Play<StepOf<'consultation'>> = (model, call, { operate }) => {
  const { consultation, ...first } = call;
  if (consultation === undefined) throw new CallRefused('no attended transfer is under way');
  const [consulting, other] = ends(call, consultation.by);
  const { target, by } = consultation;
  const second = secondCall(call, consultation);
  const secondEnds = released(second.callid, membersOf(second), 'caller');
  switch (operate) {
    case 'abort': {
      const next = withStatus(withStatus(model, target, 'rest'), other, 'Busy');
      const again: OpenCall = { ...first, phase: 'answered' };
      return {
        call: again,
        model: next,
        reports: [...secondEnds, talking(again), ...statusReports(model, next)],
      };
    }
    case 'complete':
      return connect(
        model,
        { ...first, transferred: true },
        {
          by,
          leaving: consulting,
          staying: other,
          target,
          told: secondEnds,
        },
      );
    case 'threeway': {
      const joined: OpenCall = { ...first, third: target, phase: 'answered' };
      const next = withStatus(model, other, 'Busy');
      return {
        call: joined,
        model: next,
        reports: [...secondEnds, talking(joined), ...statusReports(model, next)],
      };
    }
    case 'swap': {
      const isBack = consultation.talksTo === 'target';
      const [held, talks] = isBack ? [target, other] : [other, target];
      const next = withStatus(withStatus(model, held, 'Hold'), talks, 'Busy');
      const swapped: OpenCall = {
        ...call,
        consultation: { ...consultation, talksTo: isBack ? 'other' : 'target' },
      };
      const reports = isBack
        ? [holding(second, target), talking(call)]
        : [holding(call, other), talking(second)];
      return { call: swapped, model: next, reports };
    }
  }
};

/** The call between who transfers and the target. */
export function secondCall(call: OpenCall, { callid, by, target }: Consultation): OpenCall {
  const { callpath: _, third: __, ...rest } = call;
  return { ...rest, callid, caller: ends(call, by)[0], callee: target };
}

function holding(call: OpenCall, held: Member): Report {
  const members = membersOf(call).map((member, at) => ({
    ...member,
    memberstatus: member.channelid === held.channelid ? 'HOLD' : at === 0 ? 'ANSWERED' : 'ANSWER',
  }));
  return { report: 'HOLD', callid: call.callid, members, shapes: eventShape };
}

/** Returns the member on a side, and the other one. Throws CallRefused if the PBX itself is the other end. */
function ends({ caller, callee }: OpenCall, side: Side): readonly [Member, Member] {
  if (callee.type === 'service') throw new CallRefused('the call has one member only');
  return side === 'caller' ? [caller, callee] : [callee, caller];
}

function leavingNumber(member: Member): string {
  return member.type === 'ext' ? member.number : member.from;
}
