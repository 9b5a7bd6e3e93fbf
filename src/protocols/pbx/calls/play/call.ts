/** A played call: what it starts with, its steps, and its state in between. */
import { type Static, Type } from '@sinclair/typebox';
import { Member } from '../../reports/members.ts';

const PhoneNumber = Type.String({ minLength: 1, maxLength: 64 });
const Side = Type.Union([Type.Literal('caller'), Type.Literal('callee')]);

export const Step = Type.Union([
  Type.Object(
    { step: Type.Literal('dial') },
    { additionalProperties: false, description: "the API dials: the caller's own telephone rings first" },
  ),
  Type.Object(
    { step: Type.Literal('invite') },
    {
      additionalProperties: false,
      description: 'applications are asked whether an inbound call is accepted',
    },
  ),
  Type.Object({ step: Type.Literal('ring') }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('answer') }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('hold'), by: Type.Optional(Side) }, { additionalProperties: false }),
  Type.Object({ step: Type.Literal('resume') }, { additionalProperties: false }),
  Type.Object(
    {
      step: Type.Literal('transfer'),
      to: PhoneNumber,
      by: Type.Optional(Side),
      reported: Type.Optional(
        Type.Boolean({ description: 'false: as a transfer by the API, of which no report tells' }),
      ),
    },
    { additionalProperties: false },
  ),
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

export const OpenCall = Type.Object({
  callid: Type.String(),
  type: Type.Union([
    Type.Literal('Internal'),
    Type.Literal('Inbound'),
    Type.Literal('Outbound'),
    Type.Literal('Callback'),
  ]),
  caller: Member,
  callee: Member,
  phase: Type.Union([
    Type.Literal('new'),
    Type.Literal('invited'),
    Type.Literal('ringing'),
    Type.Literal('answered'),
    Type.Literal('held'),
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
  transferred: Type.Boolean(),
  keys: Type.String(),
});
export type OpenCall = Static<typeof OpenCall>;

/** A step or a call that cannot be played; the message says why. */
export class CallRefused extends Error {
  override readonly name: string = 'CallRefused';
}
