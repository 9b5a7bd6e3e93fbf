/**
 * Publish and Signal, each with its payload in the path (GET) or in the body (POST), and Publish of large messages (v2, POST).
 * Sources: REST API pages, SDK sources.
 */
import { Type } from '@sinclair/typebox';
import type { HeaderList } from '../../../http/reply.ts';
import { demandWrite } from '../access/demand.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { publishBodyErrors, readText } from '../wire/decode/body.ts';
import { limits } from '../wire/decode/limits.ts';
import { pathFrom, percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, permissionErrors, readable } from '../wire/operation.ts';
import { textReply } from '../wire/reply.ts';
import { appendMessage, type MessageKind, publishQuery } from './append-message.ts';

/** Numbers of the path segments that publish calls share; see `Segments`. */
interface PublishSegments {
  readonly publishKey: number;
  readonly subscribeKey: number;
  readonly channel: number;
  readonly callback: number;
}

const segments: PublishSegments = { publishKey: 1, subscribeKey: 2, channel: 4, callback: 5 };
const segmentsV2: PublishSegments = { publishKey: 2, subscribeKey: 3, channel: 5, callback: 6 };
const payloadSegment = 6;

const segmentNames = ':publishKey/:subscribeKey/:zero/:channel/:callback';

const SentReply = Type.Array(Type.Union([Type.Literal(1), Type.String()]), {
  minItems: 3,
  maxItems: 3,
  description: '1, "Sent" and the timetoken of the message',
});

export function publish(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, { kind: 'message', source: pathPayload }),
    name: 'Publish',
    summary: 'Publishes a message that stands in the path',
    path: `/publish/${segmentNames}/*`,
  };
}

export function publishWithPost(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, { kind: 'message', source: bodyPayload }),
    name: 'PublishWithPost',
    summary: 'Publishes a message that stands in the body',
    path: `/publish/${segmentNames}`,
  };
}

export function publishV2(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, { kind: 'message', source: largeBodyPayload }),
    name: 'PublishV2',
    summary: 'Publishes a message of up to 2 MiB that stands in the body',
    path: `/v2/publish/${segmentNames}`,
    bodyLimit: limits.largeBodyBytes,
  };
}

export function signal(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, { kind: 'signal', source: pathPayload }),
    name: 'Signal',
    summary: 'Sends a signal that stands in the path',
    path: `/signal/${segmentNames}/*`,
  };
}

export function signalWithPost(context: PresenceContext): PresenceOperation {
  return {
    ...publishing(context, { kind: 'signal', source: bodyPayload }),
    name: 'SignalWithPost',
    summary: 'Sends a signal that stands in the body',
    path: `/signal/${segmentNames}`,
  };
}

/** Where a payload stands. */
interface PayloadSource {
  readonly method: 'GET' | 'POST';
  readonly segments: PublishSegments;
  readonly headers: HeaderList;
  readonly maxBytes: number;
  read(call: PresenceCall): string | Promise<string>;
}

const pathPayload: PayloadSource = {
  method: 'GET',
  segments,
  headers: replyHeaders.get,
  maxBytes: limits.messageBytes,
  // Everything after the sixth segment, as it may contain raw slashes.
  read: ({ url }) => percentDecode(pathFrom(url, payloadSegment), errors.publishInvalidJson),
};

const bodyPayload: PayloadSource = {
  method: 'POST',
  segments,
  headers: replyHeaders.post,
  maxBytes: limits.messageBytes,
  read: ({ body }) => readText(body, publishBodyErrors),
};

const largeBodyPayload: PayloadSource = {
  ...bodyPayload,
  segments: segmentsV2,
  maxBytes: limits.largeMessageBytes,
  read: ({ body }) => readText(body, publishBodyErrors, limits.largeMessageBytes),
};

interface Publishing {
  readonly kind: MessageKind;
  readonly source: PayloadSource;
}

/** Returns what the publish calls share. */
function publishing(
  context: PresenceContext,
  { kind, source }: Publishing,
): Omit<PresenceOperation, 'name' | 'summary' | 'path'> {
  const { method, segments: at, headers, maxBytes } = source;
  return {
    method,
    segments: { subscribeKey: at.subscribeKey, callback: at.callback },
    schema: {
      query: publishQuery,
      ...(method === 'POST' ? { body: Type.Unknown({ description: 'The message, as JSON' }) } : {}),
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
    subject: ({ tenant, url }) => ({ tenant, group: readable(segmentAt(url, at.channel)) }),
    demand: demandWrite(at.channel),
    async run(call) {
      const publishKey = percentDecode(segmentAt(call.url, at.publishKey), errors.publishInvalidKey);
      context.access.checkPublishKey(call.subscribeKey, publishKey);
      const channel = segmentAt(call.url, at.channel);
      const json = await source.read(call);
      const timetoken = await appendMessage(context, call, { kind, channel, json, maxBytes });
      return textReply(call, headers, `[1,"Sent","${timetoken}"]`);
    },
  };
}
