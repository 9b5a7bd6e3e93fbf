/** Leave: ends the presence of a uuid in channels; succeeds also where it is absent. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { Tenant } from '../../../store/store.ts';
import { demandNothing } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { parseUuidParameter } from '../wire/decode/values.ts';
import { replyHeaders } from '../wire/headers.ts';
import { channelErrors, channelSubject, commonErrors, type PresenceOperation } from '../wire/operation.ts';
import { channelQuery } from '../wire/parameters.ts';
import { textReply } from '../wire/reply.ts';
import { rememberedForMs, rememberLeave } from './leaves.ts';
import { channelsOf } from './places.ts';
import { channelCall, okMembers } from './presence-service.ts';
import { deleteAbsentState } from './state/absent-state.ts';

const json = '{"status":200,"action":"leave","message":"OK","service":"Presence"}';

export function leave(context: PresenceContext): PresenceOperation {
  return {
    name: 'Leave',
    summary: 'Ends the presence of a uuid in channels',
    ...channelCall('/leave'),
    schema: {
      query: channelQuery,
      replies: { 200: Type.Object({ ...okMembers, action: Type.Literal('leave') }) },
    },
    errors: [...commonErrors, ...channelErrors, 'notTurnedOn', 'missingUuid', 'invalidUuid'],
    subject: channelSubject,
    demand: demandNothing,
    async run(call) {
      const uuid = parseUuidParameter(call.query.uuid);
      await endPresence(context, call.tenant, uuid, await channelsOf(context, call));
      return textReply(call, replyHeaders.presence, json);
    },
  };
}

/** Releases the leases of a uuid on channels, for polls that are held as well, and deletes its state there. */
export async function endPresence(
  { store, settings, debug }: PresenceContext,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<void> {
  if (channels.length === 0) return;
  const [released] = await Promise.all([
    store.release({ tenant, holder: uuid, groups: channels }),
    deleteAbsentState(store, tenant, uuid, channels),
  ]);
  if (released.length > 0)
    await rememberLeave(store, { tenant, uuid, channels: released, forMs: rememberedForMs(settings) });
  if (debug === undefined) return;
  for (const group of released) debug({ tenant, group, holder: uuid }, 'lease released');
}
