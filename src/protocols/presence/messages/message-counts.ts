/**
 * Message counts: the number of stored messages of each channel since a timetoken. Counts go as far back as messages are kept.
 * Source: REST API pages, Message Persistence.
 */
import { Type } from '@sinclair/typebox';
import type { Store } from '../../../store/store.ts';
import { demandRead } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import { parseChannels } from '../wire/decode/names.ts';
import type { Query } from '../wire/decode/target.ts';
import { parseTimetoken } from '../wire/decode/values.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import {
  channelErrors,
  channelSubject,
  commonErrors,
  type PresenceOperation,
  permissionErrors,
} from '../wire/operation.ts';
import { commonParameters, optionalText, withBothKeyWords } from '../wire/parameters.ts';
import { jsonReply } from '../wire/reply.ts';
import { decodeMessage } from './message.ts';
import { messagesKept, messagesTopic } from './topics.ts';

/** Channels whose messages are read at the same time: of each as many bytes as are kept. */
const channelsPerRead = 4;

const MessageCountsReply = Type.Object({
  status: Type.Literal(200),
  error: Type.Literal(false),
  error_message: Type.Literal(''),
  channels: Type.Record(Type.String(), Type.Integer()),
});

export function messageCounts({ store, settings }: PresenceContext): PresenceOperation {
  return {
    name: 'MessageCounts',
    summary: 'Counts the stored messages of channels since a timetoken',
    method: 'GET',
    ...withBothKeyWords('/v3/history/sub-key/:subscribeKey/message-counts/:channels'),
    segments: { subscribeKey: 3, channels: 5 },
    schema: {
      query: Type.Object({
        ...commonParameters,
        timetoken: optionalText('Count from here on, in all channels'),
        channelsTimetoken: optionalText('The same for each channel, separated by commas'),
      }),
      replies: { 200: MessageCountsReply },
    },
    errors: [...commonErrors, ...permissionErrors, ...channelErrors, 'invalidTimetoken'],
    subject: channelSubject,
    demand: demandRead,
    async run(call) {
      const { tenant, channels, query } = call;
      const { names } = parseChannels(channels);
      const max = settings.presenceMaxChannels;
      if (names.length === 0) throw errors.missingChannel();
      if (names.length > max) throw errors.tooManyChannels(max);
      const since = parseSince(query, names.length);
      const counts: number[] = [];
      // Not all at once: together they may be far larger than what one request may hold.
      for (let at = 0; at < names.length; at += channelsPerRead) {
        const some = names.slice(at, at + channelsPerRead);
        const reads = some.map((name, index) => countFrom(store, tenant, name, since[at + index] ?? 0n));
        counts.push(...(await Promise.all(reads)));
      }
      return jsonReply(call, replyHeaders.get, {
        status: 200,
        error: false,
        error_message: '',
        channels: Object.fromEntries(names.map((name, at) => [name, counts[at] ?? 0])),
      });
    },
  };
}

/** Returns the number of messages of a channel from a timetoken on. */
async function countFrom(store: Store, tenant: string, name: string, from: bigint): Promise<number> {
  const entries = await store.readTopics({
    tenant,
    topics: [{ topic: messagesTopic(name), after: from > 0n ? from - 1n : 0n }],
    limit: messagesKept.keepEntries,
    maxBytes: messagesKept.keepBytes,
  });
  return entries.filter(({ payload }) => decodeMessage(payload)?.attributes.stored !== false).length;
}

/** Returns the timetoken to count from in each channel: one of `channelsTimetoken` each, or one for all. */
function parseSince(query: Query, channels: number): readonly bigint[] {
  const each = splitTimetokens(query.channelsTimetoken);
  if (each.length > 1) {
    if (each.length !== channels) throw errors.invalidTimetoken();
    return each;
  }
  const [forAll = 0n] = each.length === 0 ? splitTimetokens(query.timetoken) : each;
  return Array.from({ length: channels }, () => forAll);
}

function splitTimetokens(text: string | undefined): bigint[] {
  return text === undefined || text === '' ? [] : text.split(',').map(parseTimetoken);
}
