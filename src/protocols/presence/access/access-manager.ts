/** What the calls of the Access Manager share: their replies. */
import { type TProperties, Type } from '@sinclair/typebox';
import type { HeaderList, Reply } from '../../../http/reply.ts';
import type { PresenceCall } from '../wire/call.ts';
import { jsonReply } from '../wire/reply.ts';

/** Returns the schema of a success reply with members of its own. */
export function AccessManagerReply<M extends TProperties>(members: M) {
  return Type.Object({ ...members, service: Type.Literal('Access Manager'), status: Type.Literal(200) });
}

/** Returns a success reply with members of its own beside those of every one. */
export function accessManagerReply(call: PresenceCall, headers: HeaderList, members: object): Reply {
  return jsonReply(call, headers, { ...members, service: 'Access Manager', status: 200 });
}
