/** A published message as its topic keeps it, and the envelopes that subscribers get. Pure. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

const Facts = Type.Object({
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
  /** False: not for history, so not counted either. */
  stored: Type.Optional(Type.Literal(false)),
});

export type MessageFacts = typeof Facts.static;

export interface Message {
  readonly facts: MessageFacts;
  /** The payload as it was published, JSON text: numbers keep all their digits. */
  readonly json: string;
}

export function encodeMessage({ facts, json }: Message): Buffer {
  return Buffer.from(`${JSON.stringify(facts)}\n${json}`);
}

/** Undefined for bytes that are no message. */
export function decodeMessage(payload: Uint8Array): Message | undefined {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
  const end = text.indexOf('\n');
  const facts: unknown = JSON.parse(text.slice(0, end));
  return Value.Check(Facts, facts) ? { facts, json: text.slice(end + 1) } : undefined;
}

/** What all envelopes of one answer share. */
export interface EnvelopeContext {
  readonly subscribeKey: string;
  readonly region: number;
}

/** Where an envelope came from: timetoken, and the subscribed name if that must be said. */
export interface Origin {
  readonly position: bigint;
  readonly via: string | undefined;
}

function envelope(
  { subscribeKey, region }: EnvelopeContext,
  { position, via }: Origin,
  shard: string,
  channel: string,
  more: Readonly<Record<string, unknown>>,
  payload: string,
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

/** A message or signal. A plain message has no `e`: SDKs take 0 for something else. */
export function messageEnvelope(context: EnvelopeContext, origin: Origin, { facts, json }: Message): string {
  const { c, stored: _, ...more } = facts;
  return envelope(context, origin, '2', c, more, json);
}

/** A presence event on the companion of a channel. */
export function presenceEnvelope(
  context: EnvelopeContext,
  origin: Origin,
  companionChannel: string,
  facts: Readonly<Record<string, unknown>>,
  payload: string,
): string {
  return envelope(context, origin, '5', companionChannel, { u: facts }, payload);
}
