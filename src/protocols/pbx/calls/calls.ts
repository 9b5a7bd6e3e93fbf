/**
 * A call that somebody plays: each step gives the reports that a PBX sends for it, with one set of ids, and moves the
 * extensions. Pure: state in, state and reports out. Which reports belong to a step: S-Series API v1.1.0 and v2.0.0.
 */
import { type Static, Type } from '@sinclair/typebox';
import { type Model, restingStatus, withExtensionStatus } from '../model/model.ts';
import { dateTime } from '../model/queries.ts';
import { Member, type Report, type Shape } from '../reports/reports.ts';

const PhoneNumber = Type.String({ minLength: 1, maxLength: 64 });
const Side = Type.Union([Type.Literal('caller'), Type.Literal('callee')]);

export const Step = Type.Union([
  Type.Object({ step: Type.Literal('ring') }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('answer') }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('hold'), by: Type.Optional(Side) }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('resume') }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('transfer'), to: PhoneNumber }, { additionalProperties: false }),
  Type.Object(
    { step: Type.Literal('dtmf'), key: Type.String({ pattern: '^[0-9A-D*#]$' }) },
    { additionalProperties: false },
  ),
  Type.Object({ step: Type.Literal('hangup'), by: Type.Optional(Side) }, { additionalProperties: false }),
  Type.Object(
    {
      step: Type.Literal('fail'),
      reason: Type.Optional(
        Type.String({ minLength: 1, maxLength: 256, description: '"User busy", "DND", "Line unreachable"' }),
      ),
    },
    { additionalProperties: false },
  ),
]);
export type Step = Static<typeof Step>;

export const NewCall = Type.Object(
  {
    from: PhoneNumber,
    to: PhoneNumber,
    trunk: Type.Optional(
      Type.String({ description: 'for calls from or to the outside; absent: the first one' }),
    ),
    ringSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, default: 3 })),
    talkSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, default: 10 })),
    recording: Type.Optional(Type.Boolean({ description: 'the call record names a recording' })),
  },
  { additionalProperties: false },
);
export type NewCall = Static<typeof NewCall>;

export const OpenCall = Type.Object({
  callid: Type.String(),
  type: Type.Union([Type.Literal('Internal'), Type.Literal('Inbound'), Type.Literal('Outbound')]),
  caller: Member,
  callee: Member,
  phase: Type.Union([
    Type.Literal('new'),
    Type.Literal('ringing'),
    Type.Literal('answered'),
    Type.Literal('held'),
  ]),
  startedMs: Type.Number({ description: 'wall time, ms since 1970' }),
  ringSeconds: Type.Integer(),
  talkSeconds: Type.Integer(),
  recording: Type.Boolean(),
  transferred: Type.Boolean(),
  keys: Type.String(),
});
export type OpenCall = Static<typeof OpenCall>;

/** What cannot be played, in words for whoever asked. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

/** The shapes that say who rings and who hears it in two reports; events say it in one. */
const actionShapes: Shape[] = ['legacy', 'callList', 'openvox'];
const eventShape: Shape[] = ['event'];

/** A call that nothing happened in yet. Throws CallRefused if neither end is an extension. */
export function openCall(model: Model, call: NewCall, callid: string, startedMs: number): OpenCall {
  const isExtension = (number: string): boolean => model.extensions.some((known) => known.number === number);
  const [fromInside, toInside] = [isExtension(call.from), isExtension(call.to)];
  if (!fromInside && !toInside) throw new CallRefused(`neither ${call.from} nor ${call.to} is an extension`);
  const [seconds = '', counter = '0'] = callid.split('.');
  const channel = (kind: string, name: string, offset: number): string =>
    `${kind}/${name}-${(Number(counter) + offset).toString(16).padStart(8, '0')}`;
  const extension = (number: string, offset: number): Member => {
    const kind = model.extensions.find((known) => known.number === number)?.type ?? 'SIP';
    return { type: 'ext', number, channelid: channel(kind, number, offset) };
  };
  const outside = (type: 'inbound' | 'outbound', offset: number): Member => {
    const trunk = call.trunk ?? model.trunks[0]?.name;
    if (trunk === undefined || !model.trunks.some(({ name }) => name === trunk))
      throw new CallRefused(`there is no trunk ${trunk ?? 'for a call from or to the outside'}`);
    const id = `${seconds}.${Number(counter) + offset}`;
    return { type, from: call.from, to: call.to, trunk, id, channelid: channel('SIP', trunk, offset) };
  };
  return {
    callid,
    type: !fromInside ? 'Inbound' : toInside ? 'Internal' : 'Outbound',
    caller: fromInside ? extension(call.from, 0) : outside('inbound', 0),
    callee: toInside ? extension(call.to, 1) : outside('outbound', 1),
    phase: 'new',
    startedMs,
    ringSeconds: call.ringSeconds ?? 3,
    talkSeconds: call.talkSeconds ?? 10,
    recording: call.recording ?? false,
    transferred: false,
    keys: '',
  };
}

export interface Played {
  /** Undefined: the call is over. */
  readonly call: OpenCall | undefined;
  readonly model: Model;
  readonly reports: readonly Report[];
}

/** One step of a call. Throws CallRefused for a step that cannot follow. */
export function playStep(model: Model, call: OpenCall, step: Step): Played {
  const { callid, caller, callee, phase } = call;
  const members = [caller, callee];
  const moved = (next: Model): readonly Report[] => statusReports(model, next);
  const need = (...phases: OpenCall['phase'][]): void => {
    if (!phases.includes(phase)) throw new CallRefused(`a call that is ${phase} cannot ${step.step}`);
  };
  switch (step.step) {
    case 'ring': {
      need('new');
      const next = setStatus(setStatus(model, caller, 'Busy'), callee, 'Ringing');
      const arrived: Report[] =
        caller.type === 'inbound' ? [{ report: 'Incoming', callid, members: [caller] }] : [];
      return {
        call: { ...call, phase: 'ringing' },
        model: next,
        reports: [...arrived, ...pair('RING', 'ALERT', callid, members), ...moved(next)],
      };
    }
    case 'answer': {
      need('ringing');
      const next = setStatus(setStatus(model, caller, 'Busy'), callee, 'Busy');
      return {
        call: { ...call, phase: 'answered' },
        model: next,
        reports: [...pair('ANSWER', 'ANSWERED', callid, members), ...moved(next)],
      };
    }
    case 'hold': {
      need('answered');
      const by = step.by ?? (caller.type === 'ext' ? 'caller' : 'callee');
      const holder = by === 'caller' ? caller : callee;
      const told = members.map((member, at) => ({
        ...member,
        memberstatus: member === holder ? 'HOLD' : at === 0 ? 'ANSWERED' : 'ANSWER',
      }));
      return {
        call: { ...call, phase: 'held' },
        // Lists show it; no report says it.
        model: setStatus(model, holder, 'Hold'),
        reports: [{ report: 'HOLD', callid, members: told }],
      };
    }
    case 'resume': {
      need('held');
      return {
        call: { ...call, phase: 'answered' },
        model: setStatus(setStatus(model, caller, 'Busy'), callee, 'Busy'),
        reports: [{ report: 'ANSWER', callid, members, shapes: eventShape }],
      };
    }
    case 'transfer': {
      need('answered', 'held');
      if (!model.extensions.some(({ number }) => number === step.to))
        throw new CallRefused(`there is no extension ${step.to} to transfer to`);
      const target: Member = { type: 'ext', number: step.to, channelid: transferChannel(call, step.to) };
      const next = setStatus(setStatus(setStatus(model, callee, 'rest'), caller, 'Busy'), target, 'Busy');
      return {
        call: { ...call, callee: target, phase: 'answered', transferred: true },
        model: next,
        reports: [
          // Whoever transfers is named, and the other end.
          { report: 'Transfer', callid, members: [callee, caller] },
          { report: 'ANSWER', callid, members: [caller, target], shapes: eventShape },
          ...moved(next),
        ],
      };
    }
    case 'dtmf': {
      need('answered');
      const keys = call.keys + step.key;
      return {
        call: { ...call, keys: keys.slice(-256) },
        model,
        reports: [{ report: 'DTMF', callid, members: [caller], info: step.key, infos: keys.slice(-256) }],
      };
    }
    case 'hangup': {
      need('ringing', 'answered', 'held');
      const next = setStatus(setStatus(model, caller, 'rest'), callee, 'rest');
      const bye: Report = { report: 'BYE', callid, members, hungUpBy: step.by ?? 'caller' };
      const status = phase === 'ringing' ? 'NO ANSWER' : 'ANSWERED';
      return {
        call: undefined,
        model: next,
        reports: [bye, ...moved(next), recordOf(call, status)],
      };
    }
    case 'fail': {
      need('new', 'ringing');
      const reason = step.reason ?? 'User busy';
      const next = setStatus(setStatus(model, caller, 'rest'), callee, 'rest');
      const status = /busy/i.test(reason) ? 'BUSY' : 'FAILED';
      return {
        call: undefined,
        model: next,
        reports: [{ report: 'CallFailed', reason, callid, members }, ...moved(next), recordOf(call, status)],
      };
    }
  }
}

function transferChannel({ callid }: OpenCall, number: string): string {
  const [, counter = '0'] = callid.split('.');
  return `SIP/${number}-${(Number(counter) + 2).toString(16).padStart(8, '0')}`;
}

/** The callee's report and the caller's go together; one event says both. */
function pair(
  ofCallee: 'RING' | 'ANSWER',
  ofCaller: 'ALERT' | 'ANSWERED',
  callid: string,
  members: Member[],
): Report[] {
  return [
    { report: ofCallee, callid, members },
    { report: ofCaller, callid, members, shapes: actionShapes },
  ];
}

function setStatus(model: Model, member: Member, status: 'Busy' | 'Ringing' | 'Hold' | 'rest'): Model {
  if (member.type !== 'ext') return model;
  const extension = model.extensions.find(({ number }) => number === member.number);
  return withExtensionStatus(model, member.number, status === 'rest' ? restingStatus(extension) : status);
}

/** What changed between two models, as reports; Hold is none of the states that are reported. */
function statusReports(before: Model, after: Model): Report[] {
  return after.extensions.flatMap(({ number, status }, at) =>
    status === undefined || status === 'Hold' || before.extensions[at]?.status === status
      ? []
      : [{ report: 'ExtensionStatus' as const, extension: number, status }],
  );
}

function recordOf(call: OpenCall, status: string): Report {
  const { callid, type, caller, callee, startedMs } = call;
  const isAnswered = status === 'ANSWERED';
  const talkSeconds = isAnswered ? call.talkSeconds : 0;
  const from = caller.type === 'ext' ? caller.number : caller.from;
  const to = callee.type === 'ext' ? callee.number : callee.to;
  const stamp = dateTime(startedMs).replace(/\D/g, '');
  return {
    report: 'NewCdr',
    callid,
    timestart: dateTime(startedMs),
    callfrom: from,
    callto: to,
    ...(caller.type === 'inbound' ? { srctrunkname: caller.trunk, didnumber: caller.to } : {}),
    ...(callee.type === 'outbound' ? { dsttrunkname: callee.trunk } : {}),
    callduration: String(call.ringSeconds + talkSeconds),
    talkduration: String(talkSeconds),
    status,
    type: call.transferred ? 'Transfer' : type,
    ...(call.recording && isAnswered ? { recording: `${stamp}-${callid}-${from}-${to}-${type}.wav` } : {}),
  };
}
