/** Subscribe in the older form: payloads alone, and the timetoken in the path. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import { demandSubscribe } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { segmentAt } from '../wire/decode/target.ts';
import { parseTimetoken } from '../wire/decode/values.ts';
import { replyHeaders } from '../wire/headers.ts';
import { channelSubject, type PresenceOperation } from '../wire/operation.ts';
import { textReply } from '../wire/reply.ts';
import { type PollReply, poll, subscribeErrors, subscribeParameters } from './long-poll.ts';

const timetokenSegment = 4;

export function subscribeV1(context: PresenceContext): PresenceOperation {
  return {
    name: 'SubscribeV1',
    summary: 'Waits for messages and presence events after a timetoken (older form)',
    method: 'GET',
    path: '/subscribe/:subscribeKey/:channels/:callback/:timetoken',
    segments: { subscribeKey: 1, channels: 2, callback: 3 },
    schema: {
      query: Type.Object(subscribeParameters),
      replies: {
        200: Type.Array(Type.Unknown(), { description: 'Payloads, timetoken, and lists of names' }),
      },
    },
    errors: subscribeErrors,
    subject: channelSubject,
    demand: demandSubscribe,
    async run(call) {
      const timetoken = segmentAt(call.url, timetokenSegment);
      const reply = await poll(context, call, timetoken === '' ? 0n : parseTimetoken(timetoken));
      const namesGroups = (call.query['channel-group'] ?? '') !== '';
      return { ...textReply(call, replyHeaders.get, render(reply, { namesGroups })), heldMs: reply.heldMs };
    },
  };
}

/**
 * Returns the payloads, the timetoken and, where the request names several, the names that they came through and their
 * channels.
 */
function render(
  { timetoken, deliveries, only }: PollReply,
  { namesGroups }: { readonly namesGroups: boolean },
): string {
  const payloads = `[${deliveries.map(({ json }) => json).join(',')}]`;
  const lists = [
    ...(namesGroups ? [deliveries.map(({ via }) => via)] : []),
    ...(only === undefined && deliveries.length > 0 ? [deliveries.map(({ channel }) => channel)] : []),
  ];
  return `[${[payloads, `"${timetoken}"`, ...lists.map((names) => JSON.stringify(names.join(',')))].join(',')}]`;
}
