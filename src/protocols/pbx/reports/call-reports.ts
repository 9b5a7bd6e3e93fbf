/**
 * Reports about a call while it lasts. Sources: S-Series API Developer's Guide (legacy), S-Series API v1.1.0 (call list), S-Series
 * API v2.0.0 (event), OpenVox UC Series API (openvox).
 */
import { Type } from '@sinclair/typebox';
import { callFailed } from './call-failed.ts';
import { conferenceStatus } from './conference-status.ts';
import { type Member, Members, partiesOf } from './members.ts';
import { playPromptEnd } from './play-prompt-end.ts';
import { Name, type Pairs, reportKind, type Shape, Text } from './report-kind.ts';

type CallStatusName = 'RING' | 'ALERT' | 'ANSWER' | 'ANSWERED' | 'HOLD' | 'BYE';

/** A change of a call's state. In the event shape all of them are a CallStatus. */
function callStatus<const N extends CallStatusName>(name: N) {
  const properties = {
    callid: Name,
    members: Members,
    hungUpBy: Type.Optional(
      Type.Union([Type.Literal('caller'), Type.Literal('callee')], {
        description: 'BYE: the member that is written first',
      }),
    ),
  };
  return reportKind(name, properties, {
    wireName: (shape) => (shape === 'event' ? 'CallStatus' : name),
    members({ callid, members, hungUpBy }, shape) {
      if (shape === 'event')
        return [['callid', callid], ...partiesOf(members, shape, statuses(name, members))];
      // Only the event shape has it.
      if (name === 'HOLD') return undefined;
      const ordered = isCalleeFirst(name, hungUpBy, { members, shape }) ? members.toReversed() : members;
      return [['callid', callid], ...partiesOf(ordered, shape)];
    },
  });
}

/**
 * RING and ANSWER are about the callee, ALERT and ANSWERED about the caller, BYE about the member that hung up. OpenVox's samples of
 * RING and ANSWER write the caller first when both are extensions, and of ANSWER and ANSWERED the extension when one is.
 */
function isCalleeFirst(
  name: CallStatusName,
  hungUpBy: 'caller' | 'callee' | undefined,
  { members, shape }: { readonly members: readonly Member[]; readonly shape: Shape },
): boolean {
  if (name === 'BYE') return hungUpBy === 'callee';
  if (shape !== 'openvox') return name === 'RING' || name === 'ANSWER';
  const [caller, callee] = members;
  if (caller?.type === 'ext' && callee?.type === 'ext') return false;
  return name === 'RING' || (name !== 'ALERT' && caller?.type !== 'ext');
}

/** One event holds what two older reports say: the ringing and the calling party, the answering and the answered one. */
function statuses(name: CallStatusName, { length }: readonly Member[]): readonly string[] {
  if (length >= 2 && (name === 'RING' || name === 'ALERT'))
    return ['ALERT', ...Array<string>(length - 1).fill('RING')];
  if (length >= 2 && (name === 'ANSWER' || name === 'ANSWERED'))
    return ['ANSWERED', ...Array<string>(length - 1).fill('ANSWER')];
  return Array<string>(length).fill(name);
}

/** Which of the keys pressed so far it is, and all of them. */
function keyIndex({ info, infos = info }: { readonly info: string; readonly infos?: string }): Pairs {
  return [
    ['flag', String(Math.max(0, infos.length - 1))],
    ['infos', infos],
  ];
}

const hasKeyIndex = (shape: Shape): boolean => shape === 'callList' || shape === 'event';

/** A report that only names its call and the members of it. */
function callMembers<const N extends 'Invite' | 'Incoming' | 'Forward'>(
  name: N,
  wireName: (shape: Shape) => string = () => name,
) {
  return reportKind(
    name,
    { callid: Name, members: Members },
    { wireName, members: ({ callid, members }, shape) => [['callid', callid], ...partiesOf(members, shape)] },
  );
}

/** Every sample of the documents spells it like this. */
const transferName = 'Tranfer';

export const callReports = [
  callStatus('RING'),
  callStatus('ALERT'),
  callStatus('ANSWER'),
  callStatus('ANSWERED'),
  callStatus('HOLD'),
  callStatus('BYE'),
  reportKind(
    'Transfer',
    { callid: Name, members: Members },
    {
      wireName: () => transferName,
      // Samples of v1.1.0 and v2.0.0 write the caller first, those of the first guide and of OpenVox the callee, no matter which of them transfers.
      members: ({ callid, members }, shape) => [
        ['callid', callid],
        ...partiesOf(shape === 'callList' || shape === 'event' ? members : members.toReversed(), shape),
      ],
    },
  ),
  // The older shapes have no report of its own for a forwarded call ("Call Transfer", S-Series API v1.1.0).
  callMembers('Forward', (shape) => (shape === 'event' ? 'Forward' : transferName)),
  callFailed,
  callMembers('Invite'),
  callMembers('Incoming'),
  reportKind(
    'DTMF',
    { callid: Name, members: Members, info: Name, infos: Type.Optional(Text) },
    {
      members: (report, shape) => [
        ['callid', report.callid],
        // The caller has been answered, by an extension or by an IVR.
        ...partiesOf(
          report.members,
          shape,
          report.members.map(() => 'ANSWERED'),
        ),
        ['info', report.info],
        ...(hasKeyIndex(shape) ? keyIndex(report) : []),
      ],
    },
  ),
  playPromptEnd,
  conferenceStatus,
  reportKind(
    'Satisfaction',
    { callid: Name, surveyresult: Name },
    {
      wireName: () => 'satisfaction',
      members({ callid, surveyresult }, shape) {
        const result = ['surveyresult', surveyresult] as const;
        const call = ['callid', callid] as const;
        return shape === 'event' ? [call, result] : [result, call];
      },
    },
  ),
] as const;
