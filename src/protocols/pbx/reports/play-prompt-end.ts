/** The report that a prompt was played to the end ("Prompt Play End", S-Series API v1.1.0; "PlayPromptEnd", v2.0.0). */
import { Type } from '@sinclair/typebox';
import { type Member, Members, partiesOf } from './members.ts';
import { Name, type Pairs, reportKind, type Shape } from './report-kind.ts';

export const playPromptEnd = reportKind(
  'PlayPromptEnd',
  {
    callid: Name,
    extension: Type.Optional(Type.String({ ...Name, description: 'to which it was played; else `members`' })),
    members: Type.Optional(Members),
    prompt: Type.Optional(Type.String({ ...Name, description: 'file name; else `ivr`' })),
    ivr: Type.Optional(Type.String({ ...Name, description: 'number of the IVR whose prompt it was' })),
  },
  {
    members({ callid, extension, members = [], prompt, ivr }, shape) {
      const played: readonly Member[] =
        extension === undefined ? members : [{ type: 'ext', number: extension }];
      return [
        ['callid', callid],
        ...listeners(played, shape),
        ...(prompt === undefined ? [] : [['prompt', prompt] as const]),
        // The name of the member is documented for v1.1.0; for v2.0.0 it follows the other renamed numbers.
        ...(ivr === undefined
          ? []
          : [['ivr', { pairs: [[shape === 'event' ? 'number' : 'ivrid', ivr]] }] as const]),
      ];
    },
  },
);

/** The older shapes write no list here, and only the trunk of an outside number. */
function listeners(members: readonly Member[], shape: Shape): Pairs {
  if (shape === 'event') return partiesOf(members, shape);
  return members.flatMap((member) =>
    member.type === 'ext'
      ? partiesOf([member], shape === 'callList' ? 'legacy' : shape)
      : [[member.type, { pairs: [['trunkname', member.trunk]] }] as const],
  );
}
