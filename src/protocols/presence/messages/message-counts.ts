/** Message counts: how many stored messages each channel had since a timetoken. Source: REST API, Message Persistence. */

import { errors } from '../errors.ts';
import type { Call } from '../membership/places.ts';
import { channelsOf } from '../wire/request.ts';
import { decodeMessage } from './message.ts';
import { messagesKept, messagesTopic } from './topics.ts';

function timetokensOf(text: string | undefined): bigint[] {
  if (text === undefined || text === '') return [];
  return text.split(',').map((part) => {
    if (!/^\d{1,20}$/.test(part)) throw errors.invalidTimetoken();
    return BigInt(part);
  });
}

/**
 * `GET /v3/history/sub-key/{sub}/message-counts/{channels}`: one `timetoken` for all, or `channelsTimetoken` with one for
 * each (one alone stands for all). Counts go as far back as messages are kept.
 */
export async function messageCounts(call: Call, channelSegment: string): Promise<Record<string, unknown>> {
  const { store, tenant, query } = call;
  const { names } = channelsOf(channelSegment);
  if (names.length === 0) throw errors.missingChannel();
  if (names.length > call.settings.presenceMaxChannels)
    throw errors.tooManyChannels(call.settings.presenceMaxChannels);
  const each = timetokensOf(query.channelsTimetoken);
  const [since = 0n] = each.length === 0 ? timetokensOf(query.timetoken) : each;
  if (each.length > 1 && each.length !== names.length) throw errors.invalidTimetoken();
  const counts = await Promise.all(
    names.map(async (name, at) => {
      const after = each.length > 1 ? (each[at] ?? 0n) : since;
      const entries = await store.readTopics({
        tenant,
        topics: [{ topic: messagesTopic(name), after: after > 0n ? after - 1n : 0n }],
        limit: messagesKept.keepEntries,
      });
      return entries.filter(({ payload }) => decodeMessage(payload)?.facts.stored !== false).length;
    }),
  );
  return {
    status: 200,
    error: false,
    error_message: '',
    channels: Object.fromEntries(names.map((name, at) => [name, counts[at] ?? 0])),
  };
}
