/** The report of who takes part in a conference, sent whenever that changes ("ConferenceStatus", S-Series API v2.0.0). */
import { Type } from '@sinclair/typebox';
import { Member, partiesOf } from './members.ts';
import { Name, reportKind } from './report-kind.ts';

export const maxParticipants = 100;

export const conferenceStatus = reportKind(
  'ConferenceStatus',
  {
    callid: Name,
    number: Name,
    name: Name,
    members: Type.Array(Member, { maxItems: maxParticipants, description: 'who takes part now' }),
  },
  {
    members({ callid, number, name, members }, shape) {
      // Only the event shape has it.
      if (shape !== 'event') return undefined;
      return [
        ['callid', callid],
        ['conferencenumber', number],
        ['conferencename', name],
        // All of them have dialled the conference.
        ...partiesOf(
          members,
          shape,
          members.map(() => 'ANSWERED'),
        ),
      ];
    },
  },
);
