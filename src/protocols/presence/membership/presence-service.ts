/** What the calls of the presence service share: their paths and the members of their replies. */
import { Type } from '@sinclair/typebox';
import type { Reply } from '../../../http/reply.ts';
import type { Subject } from '../../kit/operation.ts';
import type { PresenceCall } from '../wire/call.ts';
import { segmentAt } from '../wire/decode/target.ts';
import { replyHeaders } from '../wire/headers.ts';
import { channelSubject, readable } from '../wire/operation.ts';
import { withBothKeyWords } from '../wire/parameters.ts';
import { jsonReply } from '../wire/reply.ts';

const root = '/v2/presence/sub-key/:subscribeKey';

/** Returns what the calls of the presence service share, for one with this rest of its path. */
export function presenceCall(rest: string) {
  return {
    method: 'GET',
    ...withBothKeyWords(`${root}${rest}`),
    segments: { subscribeKey: 3 },
    isPresenceService: true,
  } as const;
}

/** Returns what the calls about channels share, for one with this rest of its path. */
export function channelCall(rest: string) {
  return {
    ...presenceCall(`/channel/:channels${rest}`),
    segments: { subscribeKey: 3, channels: 5 },
  } as const;
}

/** Returns a success reply with members of its own beside those of every one. */
export function presenceReply(call: PresenceCall, members: object): Reply {
  const value = { status: 200, message: 'OK', ...members, service: 'Presence' };
  return jsonReply(call, replyHeaders.presence, value);
}

/** The members of every success reply. */
export const okMembers = {
  status: Type.Literal(200),
  message: Type.Literal('OK'),
  service: Type.Literal('Presence'),
};

/** The segment of a path that names a uuid below channels. */
export const uuidSegment = 7;

/** The subject of a call about a uuid in channels. */
export function occupantSubject(call: PresenceCall): Subject {
  return { ...channelSubject(call), holder: readable(segmentAt(call.url, uuidSegment)) };
}
