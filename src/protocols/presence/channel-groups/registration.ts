/** What the calls of the channel registration service share: their paths, names and replies. */
import { Type } from '@sinclair/typebox';
import type { Reply } from '../../../http/reply.ts';
import type { Subject } from '../../kit/operation.ts';
import { demandManage } from '../access/demand.ts';
import type { PresenceCall } from '../wire/call.ts';
import { percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, permissionErrors, readable } from '../wire/operation.ts';
import { withBothKeyWords } from '../wire/parameters.ts';
import { jsonReply } from '../wire/reply.ts';

/** The segment of a path that names the group. */
const groupSegment = 5;

const root = '/v1/channel-registration/sub-key/:subscribeKey/channel-group';

/** Returns what the calls of the service share, for one with this rest of its path. */
export function registrationCall(rest: string) {
  return { method: 'GET', ...withBothKeyWords(`${root}${rest}`), segments: { subscribeKey: 3 } } as const;
}

/** Returns what the calls about one group share. */
export function groupCall(rest: string) {
  return {
    ...registrationCall(`/:group${rest}`),
    subject: groupSubject,
    demand: demandManage(groupSegment),
  } as const;
}

/** Errors of every call about one group. */
export const groupErrors = [...commonErrors, ...permissionErrors, 'reservedCharacter'] as const;

/** Returns the group that a call names. A comma separates groups and a colon a namespace, so no name contains them. */
export function parseGroup({ url }: PresenceCall): string {
  const group = percentDecode(segmentAt(url, groupSegment), errors.reservedCharacter);
  if (group === '' || /[,:]/.test(group)) throw errors.reservedCharacter();
  return group;
}

/** The subject of a call about one group. */
function groupSubject({ tenant, url }: PresenceCall): Subject {
  return { tenant, group: readable(segmentAt(url, groupSegment)) };
}

const base = { status: 200, service: 'channel-registry', error: false } as const;
const baseMembers = {
  status: Type.Literal(200),
  service: Type.Literal('channel-registry'),
  error: Type.Literal(false),
};

export const ChangeReply = Type.Object({ ...baseMembers, message: Type.Literal('OK') });

/** Returns the reply of a call that changes a group. */
export function changeReply(call: PresenceCall): Reply {
  return jsonReply(call, replyHeaders.registration, { ...base, message: 'OK' });
}

export const ChannelsReply = Type.Object({
  ...baseMembers,
  payload: Type.Object({ channels: Type.Array(Type.String()), group: Type.String() }),
});

export const GroupsReply = Type.Object({
  ...baseMembers,
  payload: Type.Object({ namespace: Type.String(), groups: Type.Array(Type.String()) }),
});

/** Returns the reply of a call that reads. */
export function payloadReply(call: PresenceCall, payload: object): Reply {
  return jsonReply(call, replyHeaders.registration, { ...base, payload });
}
