/** The members of a call in reports: extensions, and the outside ends of trunks. */
import { type Static, Type } from '@sinclair/typebox';
import { maxTextLength, Name, type Pairs, present, type Shape, Text, type Value } from './report-kind.ts';

const channel = {
  /** The event shape names the channel of each member. */
  channelid: Type.Optional(Text),
  memberstatus: Type.Optional(
    Type.String({
      maxLength: maxTextLength,
      description: 'in the event shape; absent: as the report implies',
    }),
  ),
  callpath: Type.Optional(
    Type.String({
      maxLength: maxTextLength,
      description: 'in the event shape: number of the IVR, queue, ring group or conference that was passed',
    }),
  ),
};

const ExtensionMember = Type.Object(
  { type: Type.Literal('ext'), number: Name, ...channel },
  { additionalProperties: false },
);
const trunkCall = {
  from: Text,
  to: Text,
  trunk: Text,
  id: Type.Optional(Type.String({ maxLength: maxTextLength, description: 'inboundid or outboundid' })),
  ...channel,
};
const InboundMember = Type.Object(
  { type: Type.Literal('inbound'), ...trunkCall },
  { additionalProperties: false },
);
const OutboundMember = Type.Object(
  { type: Type.Literal('outbound'), ...trunkCall },
  { additionalProperties: false },
);

/** One end of a call: an extension, or the other end of a trunk. */
export const Member = Type.Union([ExtensionMember, InboundMember, OutboundMember]);
export type Member = Static<typeof Member>;

const maxMembers = 10;
export const Members = Type.Array(Member, { maxItems: maxMembers, description: 'the caller first' });

/** Returns the members of a call as a shape writes them; `statuses`: of the members, for the event shape. */
export function partiesOf(
  members: readonly Member[],
  shape: Shape,
  statuses: readonly (string | undefined)[] = [],
): Pairs {
  switch (shape) {
    case 'event':
      return [['members', members.map((member, at) => eventMember(member, statuses[at]))]];
    case 'callList':
      return [['call', members.map((member) => ({ pairs: [party(member)] }))]];
    case 'legacy':
      return members.map(party);
    case 'openvox': {
      const numbers = members.flatMap((member) => (member.type === 'ext' ? [member.number] : []));
      const extid = numbers.length === 1 ? (numbers[0] ?? '') : numbers;
      const firstExtension = members.findIndex(({ type }) => type === 'ext');
      // One `ext` for all extensions, where the first of them stands.
      return members.flatMap((member, at): Pairs => {
        if (member.type !== 'ext') return [party(member)];
        return at === firstExtension ? [['ext', { pairs: [['extid', extid]] }]] : [];
      });
    }
  }
}

function party(member: Member): readonly [string, Value] {
  if (member.type === 'ext') return ['ext', { pairs: [['extid', member.number]] }];
  return [
    member.type,
    {
      pairs: [
        ['from', member.from],
        ['to', member.to],
        ['trunk', member.trunk],
        [`${member.type}id`, member.id ?? ''],
      ],
    },
  ];
}

function eventMember(member: Member, status?: string): { readonly pairs: Pairs } {
  const memberstatus = member.memberstatus ?? status;
  const channelPairs: Pairs = [
    ['channelid', member.channelid ?? ''],
    ...present([
      ['memberstatus', memberstatus],
      ['callpath', member.callpath],
    ]),
  ];
  if (member.type === 'ext')
    return { pairs: [['ext', { pairs: [['number', member.number], ...channelPairs] }]] };
  const pairs: Pairs = [
    ['from', member.from],
    ['to', member.to],
    ['trunkname', member.trunk],
    ...channelPairs,
  ];
  return { pairs: [[member.type, { pairs }]] };
}
