/** What the calls of the presence service share: their paths and the members of their replies. */
import { Type } from '@sinclair/typebox';
import type { Subject } from '../../kit/operation.ts';
import type { PresenceCall } from '../wire/call.ts';
import { segmentAt } from '../wire/decode/target.ts';
import { channelSubject, readable } from '../wire/operation.ts';
import { withBothKeyWords } from '../wire/parameters.ts';

const root = '/v2/presence/sub-key/:subscribeKey';

/** Returns a path of the presence service. */
export const presencePath = (rest: string) => withBothKeyWords(`${root}${rest}`);

/** Returns a path below the channels of a request. */
export const channelPath = (rest: string) => presencePath(`/channel/:channels${rest}`);

export const keySegments = { subscribeKey: 3 } as const;
export const channelSegments = { subscribeKey: 3, channels: 5 } as const;

/** The members of every success reply, as values and as schemas. */
export const ok = { status: 200, message: 'OK' } as const;
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
