/** Success replies. */
import type { HeaderList, Reply } from '../../../http/reply.ts';
import type { PresenceCall } from './call.ts';
import { wrapInCallback } from './jsonp.ts';

/** Returns a reply of JSON text. */
export function textReply({ callback }: PresenceCall, headers: HeaderList, json: string): Reply {
  return { status: 200, headers, body: wrapInCallback(json, callback) };
}

/** Returns a reply of a value as JSON. */
export function jsonReply(call: PresenceCall, headers: HeaderList, value: object): Reply {
  return textReply(call, headers, JSON.stringify(value));
}
