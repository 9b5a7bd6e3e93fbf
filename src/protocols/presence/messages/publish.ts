/** Publish and Signal, each with its payload in the path (GET) or in the body (POST). Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { HeaderList } from '../../../http/reply.ts';
import { demandWrite } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { publishBodyErrors, readText } from '../wire/decode/body.ts';
import { pathFrom, percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, permissionErrors, readable } from '../wire/operation.ts';
import { textReply } from '../wire/reply.ts';
import { appendMessage, type MessageKind, publishChannelSegment, publishQuery } from './append-message.ts';

const publishKeySegment = 1;
const payloadSegment = 6;

const segmentNames = ':publishKey/:subscribeKey/:zero/:channel/:callback';

const SentReply = Type.Array(Type.Union([Type.Literal(1), Type.String()]), {
  minItems: 3,
  maxItems: 3,
  description: '1, "Sent" and the timetoken of the message',
});

export function publish(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, 'message', pathPayload),
    name: 'Publish',
    summary: 'Publishes a message that stands in the path',
    path: `/publish/${segmentNames}/*`,
  };
}

export function publishWithPost(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, 'message', bodyPayload),
    name: 'PublishWithPost',
    summary: 'Publishes a message that stands in the body',
    path: `/publish/${segmentNames}`,
  };
}

export function signal(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, 'signal', pathPayload),
    name: 'Signal',
    summary: 'Sends a signal that stands in the path',
    path: `/signal/${segmentNames}/*`,
  };
}

export function signalWithPost(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, 'signal', bodyPayload),
    name: 'SignalWithPost',
    summary: 'Sends a signal that stands in the body',
    path: `/signal/${segmentNames}`,
  };
}

/** Where a payload stands. */
interface PayloadSource {
  readonly method: 'GET' | 'POST';
  readonly headers: HeaderList;
  read(call: PresenceCall): string | Promise<string>;
}

const pathPayload: PayloadSource = {
  method: 'GET',
  headers: replyHeaders.get,
  // Everything after the sixth segment, as it may contain raw slashes.
  read: ({ url }) => percentDecode(pathFrom(url, payloadSegment), errors.publishInvalidJson),
};

const bodyPayload: PayloadSource = {
  method: 'POST',
  headers: replyHeaders.post,
  read: ({ body }) => readText(body, publishBodyErrors),
};

/** Returns what the four operations share. */
function publishing(
  context: PresenceContext,
  kind: MessageKind,
  source: PayloadSource,
): Omit<PresenceOperation, 'name' | 'summary' | 'path'> {
  return {
    method: source.method,
    segments: { subscribeKey: 2, callback: 5 },
    schema: {
      query: publishQuery,
      ...(source === bodyPayload ? { body: Type.Unknown({ description: 'The message, as JSON' }) } : {}),
      replies: { 200: SentReply },
    },
    errors: [
      ...commonErrors,
      ...permissionErrors,
      'publishInvalidKey',
      'publishInvalidJson',
      'invalidChannel',
      'messageTooLarge',
      ...(kind === 'signal' ? (['signalTooLarge'] as const) : []),
    ],
    subject: ({ tenant, url }) => ({ tenant, group: readable(segmentAt(url, publishChannelSegment)) }),
    demand: demandWrite(publishChannelSegment),
    async run(call) {
      const publishKey = percentDecode(segmentAt(call.url, publishKeySegment), errors.publishInvalidKey);
      context.access.checkPublishKey(call.subscribeKey, publishKey);
      const timetoken = await appendMessage(context, call, kind, await source.read(call));
      return textReply(call, source.headers, `[1,"Sent","${timetoken}"]`);
    },
  };
}
