/** Time: the server's timetoken, for clients that measure their distance to it. Source: REST API pages. */

import { demandNothing } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { percentDecode, segmentAt } from './decode/target.ts';
import { errors } from './errors.ts';
import { replyHeaders } from './headers.ts';
import { parseCallback } from './jsonp.ts';
import type { PresenceOperation } from './operation.ts';
import { textReply } from './reply.ts';
import { timetokenAt } from './timetoken.ts';

export function time({ wallMs }: PresenceContext): PresenceOperation {
  return {
    name: 'Time',
    summary: 'Returns the time of the server as a timetoken',
    method: 'GET',
    path: '/time/:callback',
    segments: {},
    schema: { replies: { 200: 'A list of one 17-digit number' } },
    errors: ['unreadable', 'uriTooLong', 'invalidCallback', 'unavailable', 'internal'],
    subject: () => ({}),
    demand: demandNothing,
    run(call) {
      const callback = parseCallback(percentDecode(segmentAt(call.url, 1), errors.invalidCallback));
      // Raw digits: a JSON number of this size does not survive a double.
      return textReply({ ...call, callback }, replyHeaders.get, `[${timetokenAt(wallMs())}]`);
    },
  };
}
