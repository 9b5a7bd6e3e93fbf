/** Where now: the channels that a uuid is present in. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandNothing } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { segmentAt } from '../wire/decode/target.ts';
import { parseUuidSegment } from '../wire/decode/values.ts';
import { commonErrors, type PresenceOperation, readable } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { okMembers, presenceCall, presenceReply } from './presence-service.ts';

const uuidSegment = 5;

export function whereNow({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'WhereNow',
    summary: 'Lists the channels that a uuid is present in',
    ...presenceCall('/uuid/:uuid'),
    schema: {
      query: plainQuery,
      replies: {
        200: Type.Object({
          ...okMembers,
          payload: Type.Object({ channels: Type.Array(Type.String()) }),
        }),
      },
    },
    errors: [...commonErrors, 'notTurnedOn', 'missingUuid', 'invalidUuid'],
    subject: ({ tenant, url }) => ({ tenant, holder: readable(segmentAt(url, uuidSegment)) }),
    demand: demandNothing,
    async run(call) {
      const { tenant, url } = call;
      const holder = parseUuidSegment(segmentAt(url, uuidSegment));
      const channels = await store.groupsOf({ tenant, holder });
      return presenceReply(call, { payload: { channels } });
    },
  };
}
