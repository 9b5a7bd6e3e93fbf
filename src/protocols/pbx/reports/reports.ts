/**
 * What happens in a PBX, in a neutral form: the shape that an application gets is chosen when it is delivered. Names are
 * those of the documents (S-Series API v1.1.0 and v2.0.0, OpenVox UC API), values are text, as on the wire.
 */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';

/** How a report looks: which `version` selects it is `shapeOf`'s to say. */
export const shapes = ['legacy', 'callList', 'event', 'openvox'] as const;
export type Shape = (typeof shapes)[number];

const maxText = 256;
const Text = Type.String({ maxLength: maxText });
const Named = Type.String({ minLength: 1, maxLength: maxText });
const Channel = {
  /** The event shape names the channel of each member. */
  channelid: Type.Optional(Text),
  memberstatus: Type.Optional(
    Type.String({ maxLength: maxText, description: 'in the event shape; absent: what the report says' }),
  ),
};

const Extension = Type.Object(
  { type: Type.Literal('ext'), number: Named, ...Channel },
  { additionalProperties: false },
);
const trunkCall = {
  from: Text,
  to: Text,
  trunk: Text,
  id: Type.Optional(Type.String({ maxLength: maxText, description: 'inboundid or outboundid' })),
  callpath: Type.Optional(Text),
  ...Channel,
};
const Inbound = Type.Object({ type: Type.Literal('inbound'), ...trunkCall }, { additionalProperties: false });
const Outbound = Type.Object(
  { type: Type.Literal('outbound'), ...trunkCall },
  { additionalProperties: false },
);

/** Somebody in a call: an extension, or the other end of a trunk. */
export const Member = Type.Union([Extension, Inbound, Outbound]);
export type Member = Static<typeof Member>;

const maxMembers = 10;
const Members = Type.Array(Member, { maxItems: maxMembers, description: 'the caller first' });
const Shapes = Type.Optional(
  Type.Array(Type.Union(shapes.map((shape) => Type.Literal(shape))), {
    description: 'whose applications get it, by shape; absent: all',
  }),
);

function report<const N extends string, P extends Parameters<typeof Type.Object>[0]>(name: N, properties: P) {
  return Type.Object(
    { report: Type.Literal(name), ...properties, shapes: Shapes },
    { additionalProperties: false },
  );
}

const callSteps = ['RING', 'ALERT', 'ANSWER', 'ANSWERED', 'HOLD', 'BYE'] as const;
const CallStep = Type.Object(
  {
    report: Type.Union(callSteps.map((step) => Type.Literal(step))),
    callid: Named,
    members: Members,
    hungUpBy: Type.Optional(
      Type.Union([Type.Literal('caller'), Type.Literal('callee')], { description: 'BYE: named first' }),
    ),
    shapes: Shapes,
  },
  { additionalProperties: false },
);

/** A call record; what is absent is left out, or empty where the shape has every member. */
export const CallRecord = report('NewCdr', {
  callid: Named,
  timestart: Named,
  callfrom: Text,
  callto: Text,
  srctrunkname: Type.Optional(Text),
  dsttrunkname: Type.Optional(Text),
  callduration: Text,
  talkduration: Text,
  pincode: Type.Optional(Text),
  status: Text,
  type: Text,
  recording: Type.Optional(Text),
  didnumber: Type.Optional(Text),
  agentringtime: Type.Optional(Text),
});

/** Every report there is; `Raw` is sent as it stands. */
export const Report = Type.Union([
  report('BootUp', {}),
  report('ConfigChange', {
    type: Type.Union([Type.Literal('trunk'), Type.Literal('extension')]),
    name: Named,
    operation: Type.Union([Type.Literal('add'), Type.Literal('del'), Type.Literal('update')]),
  }),
  report('ExtensionStatus', { extension: Named, status: Named }),
  report('TrunkStatus', { trunkname: Named, status: Named }),
  CallStep,
  report('Transfer', { callid: Named, members: Members }),
  report('CallFailed', { reason: Named, callid: Named, members: Members }),
  report('Invite', { callid: Named, members: Members }),
  report('Incoming', { callid: Named, members: Members }),
  report('DTMF', { callid: Named, members: Members, info: Named, infos: Type.Optional(Text) }),
  CallRecord,
  report('PlayPromptEnd', { callid: Named, extension: Named, prompt: Named }),
  report('Satisfaction', { callid: Named, surveyresult: Named }),
  report('SmsSend', { status: Named, smsid: Named }),
  report('Raw', { body: Type.Record(Type.String(), Type.Unknown()) }),
]);
export type Report = Static<typeof Report>;

/** True for what the queue holds: it may have been written by another version of this server. */
export const isReport = TypeCompiler.Compile(Report);
