/** Messages and presence events as entries of a feed, which are decoded when a filter or a reply needs them. */
import { metadataOf } from '../membership/events/presence-event.ts';
import {
  decodeMessage,
  type EnvelopeContext,
  type Message,
  messageEnvelope,
  presenceEnvelope,
} from '../messages/message.ts';
import { companion } from '../wire/decode/names.ts';
import { decodeOnce } from './decode-once.ts';
import type { Entry } from './deliveries.ts';
import type { ChannelEvents } from './events-report.ts';
import type { TopicEntries } from './topic-reads.ts';

const messageOf = decodeOnce(decodeMessage);

/** The message parsed last: subscribers to one channel filter the same message one after the other. */
let parsed: { readonly message: Message | undefined; readonly payload: unknown } = {
  message: undefined,
  payload: undefined,
};

function parsePayload(message: Message): unknown {
  if (parsed.message !== message) parsed = { message, payload: JSON.parse(message.json) };
  return parsed.payload;
}

/** Returns the messages of a topic after a timetoken; none of a topic of events. */
export function messageEntries(
  { source, entries }: TopicEntries,
  after: bigint,
  envelopes: EnvelopeContext,
): Entry[] {
  if (source.kind !== 'messages') return [];
  const { via, rank } = source;
  return entries
    .filter(({ position }) => position > after)
    .map(({ position, payload }) => ({
      position,
      rank,
      bytes: payload.byteLength,
      read() {
        const message = messageOf(payload);
        if (message === undefined) return undefined;
        const { attributes, json } = message;
        return {
          position,
          via,
          channel: attributes.c,
          json,
          envelope: (name) => messageEnvelope(envelopes, { position, via: name }, message),
          meta: attributes.u,
          unparsed: json.length,
          data: () => parsePayload(message),
        };
      },
    }));
}

/** Returns the events of a channel. */
export function eventEntries(
  { source, channel, events }: ChannelEvents,
  envelopes: EnvelopeContext,
): Entry[] {
  const { via, rank } = source;
  const companionChannel = channel + companion;
  return events.map(({ position, event }) => ({
    position,
    rank,
    bytes: 0,
    read() {
      const metadata = metadataOf(channel, event);
      const json = JSON.stringify(event);
      const content = { companionChannel, metadata, payload: json };
      return {
        position,
        via,
        channel: companionChannel,
        json,
        envelope: (name) => presenceEnvelope(envelopes, { position, via: name }, content),
        meta: metadata,
        unparsed: 0,
        data: () => event,
      };
    },
  }));
}
