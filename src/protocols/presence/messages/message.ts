/** A published message as its topic stores it, and the envelopes that subscribers get. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../kit/validate.ts';

/** What is known of a message beside its payload; names are those of the envelope. */
const Attributes = Type.Object({
  /** Channel. */
  c: Type.String(),
  /** The publisher's uuid. */
  i: Type.Optional(Type.String()),
  /** Sequence number of the publisher. */
  s: Type.Optional(Type.Number()),
  /** 1: a signal. */
  e: Type.Optional(Type.Literal(1)),
  /** The timetoken that the publisher gave, if any. */
  o: Type.Optional(Type.Object({ t: Type.String(), r: Type.Optional(Type.Number()) })),
  /** User metadata. */
  u: Type.Optional(Type.Unknown()),
  /** Custom message type. */
  cmt: Type.Optional(Type.String()),
  /** Space. */
  si: Type.Optional(Type.String()),
  /** False: not for history, so message counts leave it out. */
  stored: Type.Optional(Type.Literal(false)),
});

const isAttributes = guard(Attributes);

export type MessageAttributes = Static<typeof Attributes>;

export interface Message {
  readonly attributes: MessageAttributes;
  /** The payload as it was published, JSON text: numbers keep all their digits. */
  readonly json: string;
}

/** Encodes a message for its topic. */
export function encodeMessage({ attributes, json }: Message): Buffer {
  return Buffer.from(`${JSON.stringify(attributes)}\n${json}`);
}

/** Decodes a message of a topic; undefined for any other bytes. */
export function decodeMessage(payload: Uint8Array): Message | undefined {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
  const end = text.indexOf('\n');
  const attributes: unknown = JSON.parse(text.slice(0, end));
  return isAttributes(attributes) ? { attributes, json: text.slice(end + 1) } : undefined;
}

/** What all envelopes of a reply share. */
export interface EnvelopeContext {
  readonly subscribeKey: string;
  readonly region: number;
}

/** Where an envelope comes from: its timetoken, and the subscribed name if the envelope has to name it. */
export interface Origin {
  readonly position: bigint;
  readonly via: string | undefined;
}

interface EnvelopeContent {
  readonly shard: string;
  readonly channel: string;
  readonly more: Readonly<Record<string, unknown>>;
  /** JSON text. */
  readonly payload: string;
}

function envelope(
  { subscribeKey, region }: EnvelopeContext,
  { position, via }: Origin,
  { shard, channel, more, payload }: EnvelopeContent,
): string {
  const members = JSON.stringify({
    a: shard,
    f: 0,
    ...more,
    p: { t: String(position), r: region },
    k: subscribeKey,
    c: channel,
    ...(via === undefined ? {} : { b: via }),
  });
  return `${members.slice(0, -1)},"d":${payload}}`;
}

/** Returns the envelope of a message or signal. A plain message has no `e`: SDKs take 0 for another kind. */
export function messageEnvelope(context: EnvelopeContext, origin: Origin, message: Message): string {
  const { c: channel, stored: _, ...more } = message.attributes;
  return envelope(context, origin, { shard: '2', channel, more, payload: message.json });
}

/** A presence event on the companion of a channel. */
export interface EventContent {
  readonly companionChannel: string;
  /** Metadata that filters work on. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** JSON text of the event. */
  readonly payload: string;
}

/** Returns the envelope of a presence event. */
export function presenceEnvelope(context: EnvelopeContext, origin: Origin, content: EventContent): string {
  const { companionChannel: channel, metadata, payload } = content;
  return envelope(context, origin, { shard: '5', channel, more: { u: metadata }, payload });
}
