/**
 * The report of a call that was not connected ("Call Failure", S-Series API v1.1.0 and OpenVox UC Series API; "CallFailed", v2.0.0).
 * The documents spell the same reasons differently, and name different members.
 */
import { Type } from '@sinclair/typebox';
import { Members, partiesOf } from './members.ts';
import { Name, reportKind } from './report-kind.ts';

/** Reasons as v1.1.0 spells them. */
export const failureReasons = {
  busy: '486 Busy Here',
  declined: '603 Declined',
  noAnswer: '480 Temporarily unavailable',
  noSuchNumber: '404 NOT found',
  cancelled: '487 Request Terminated',
  unreachable: '503 Service Unavailable',
} as const;

/** Reasons that v2.0.0 spells differently, misprints included. */
const eventReasons: ReadonlyMap<string, string> = new Map([
  [failureReasons.busy, '486 Busy here'],
  [failureReasons.noAnswer, '480 Temporatily Unavailable'],
  [failureReasons.unreachable, 'Line Unreachable'],
  ['484 Address Incomplete', '484 Address incomplete'],
  ['Line unreachable', 'Line Unreachable'],
  ['User busy', 'User Busy'],
]);

/** Reasons as the legacy guide has them. */
const legacyReasons: ReadonlyMap<string, string> = new Map([
  [failureReasons.busy, 'User busy'],
  [failureReasons.unreachable, 'Line unreachable'],
]);

/** OpenVox's sample has the code as a number, and no text. */
function openvoxReason(reason: string): string | number {
  const code = /^\d{3}\b/.exec(reason)?.[0];
  return code === undefined ? reason : Number(code);
}

export const callFailed = reportKind(
  'CallFailed',
  {
    reason: Type.String({
      ...Name,
      description: 'as v1.1.0 spells it; the event shape has its own spelling of known reasons',
    }),
    callid: Name,
    members: Members,
  },
  {
    members({ reason, callid, members }, shape) {
      if (shape === 'event') {
        // It names extensions only.
        const extensions = members.filter(({ type }) => type === 'ext');
        return [
          ['callid', callid],
          ['reason', eventReasons.get(reason) ?? reason],
          ...partiesOf(extensions, shape),
        ];
      }
      if (shape === 'openvox')
        return [['reason', openvoxReason(reason)], ['callid', callid], ...partiesOf(members, shape)];
      // The call list shape has no list here: the sample of v1.1.0 writes the members as the legacy shape does.
      return [
        ['reason', (shape === 'legacy' ? legacyReasons.get(reason) : undefined) ?? reason],
        ['callid', callid],
        ...partiesOf(members, shape === 'callList' ? 'legacy' : shape),
      ];
    },
  },
);
