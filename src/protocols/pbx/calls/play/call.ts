/** A played call: what it starts with, and its state in between. */
import { type Static, Type } from '@sinclair/typebox';
import { Member } from '../../reports/members.ts';
import { PhoneNumber, ServiceKind, Side } from './step.ts';

export const NewCall = Type.Object(
  {
    from: PhoneNumber,
    to: PhoneNumber,
    trunk: Type.Optional(
      Type.String({ description: 'of an inbound or outbound call; absent: the first one' }),
    ),
    ringSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, default: 3 })),
    talkSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, default: 10 })),
    dialledBy: Type.Optional(
      Type.Union([Type.Literal('api'), Type.Literal('phone')], {
        description:
          'who dials an internal or outbound call: v1 reports RING and ALERT only for "api", which is the default',
      }),
    ),
    control: Type.Optional(
      Type.Boolean({
        description:
          'whether applications decide on an inbound call: an Invite comes before it, and Incoming when it arrives',
      }),
    ),
    recording: Type.Optional(Type.Boolean({ description: 'whether the call record names a recording' })),
  },
  { additionalProperties: false },
);
export type NewCall = Static<typeof NewCall>;

/** The PBX itself as the called end: no report names it as a member. */
export const Service = Type.Object({
  type: Type.Literal('service'),
  kind: ServiceKind,
  number: Type.String(),
});
export type Service = Static<typeof Service>;
export type Callee = Member | Service;

/** A second call of one end, to whom the call shall be transferred. */
const Consultation = Type.Object({
  callid: Type.String(),
  by: Side,
  target: Member,
  /** Whom the end that transfers talks to; the other one is held. */
  talksTo: Type.Union([Type.Literal('target'), Type.Literal('other')]),
});
export type Consultation = Static<typeof Consultation>;

export const OpenCall = Type.Object({
  callid: Type.String(),
  type: Type.Union([
    Type.Literal('Internal'),
    Type.Literal('Inbound'),
    Type.Literal('Outbound'),
    Type.Literal('Callback'),
  ]),
  caller: Member,
  callee: Type.Union([Member, Service]),
  phase: Type.Union([
    Type.Literal('new'),
    Type.Literal('invited'),
    Type.Literal('ringing'),
    Type.Literal('service', { description: 'the PBX itself answered: an IVR, a queue, …' }),
    Type.Literal('answered'),
    Type.Literal('held'),
    Type.Literal('consulting', { description: 'an attended transfer is under way' }),
  ]),
  startedMs: Type.Number({ description: 'wall time, ms since 1970' }),
  ringSeconds: Type.Integer(),
  talkSeconds: Type.Integer(),
  recording: Type.Boolean(),
  /** Absent in calls that older versions of this server stored. */
  dialledBy: Type.Optional(Type.Union([Type.Literal('api'), Type.Literal('phone')])),
  control: Type.Optional(Type.Boolean()),
  /** The API started it, not an operator. */
  startedBy: Type.Optional(Type.Union([Type.Literal('api'), Type.Literal('operator')])),
  heldBy: Type.Optional(Side),
  /** Number of the IVR, queue, ring group or conference that the call passed. */
  callpath: Type.Optional(Type.String()),
  /** An agent of a queue rang. */
  isQueued: Type.Optional(Type.Boolean()),
  consultation: Type.Optional(Consultation),
  /** Who was invited to a three-way call. */
  third: Type.Optional(Member),
  transferred: Type.Boolean(),
  keys: Type.String(),
});
export type OpenCall = Static<typeof OpenCall>;

/** A step or a call that cannot be played; the message says why. */
export class CallRefused extends Error {
  override readonly name: string = 'CallRefused';
}

/** Returns the members of a call as reports name them, the caller first. */
export function membersOf({ caller, callee, third, callpath }: OpenCall): readonly Member[] {
  const members = [
    caller,
    ...(callee.type === 'service' ? [] : [callee]),
    ...(third === undefined ? [] : [third]),
  ];
  return callpath === undefined ? members : members.map((member) => ({ ...member, callpath }));
}

/** Returns the number that a member or the PBX is dialled by. */
export function calledNumber(callee: Callee): string {
  return callee.type === 'ext' || callee.type === 'service' ? callee.number : callee.to;
}

/** Throws CallRefused if an extension takes part in a call already. */
export function refuseMember(call: OpenCall, number: string): void {
  if (membersOf(call).some((member) => member.type === 'ext' && member.number === number))
    throw new CallRefused(`${number} takes part in the call already`);
}
