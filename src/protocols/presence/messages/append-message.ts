/** Appends published messages to the topics of their channel. Source: REST API pages. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from '../wire/call.ts';
import { parseJson } from '../wire/decode/json.ts';
import { limits } from '../wire/decode/limits.ts';
import { checkChannel } from '../wire/decode/names.ts';
import { percentDecode, type Query } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { commonParameters, optionalText } from '../wire/parameters.ts';
import { encodeMessage, type MessageAttributes } from './message.ts';
import { messagesKept, messageTopicsOf } from './topics.ts';

/** The query of the publish calls. */
export const publishQuery = Type.Object({
  ...commonParameters,
  meta: optionalText('JSON object that filters work on'),
  store: optionalText('0: not counted among stored messages'),
  norep: optionalText('1 or true: for no subscriber (fire)'),
  seqn: optionalText('Sequence number of the publisher'),
  ortt: optionalText('JSON object: the timetoken of the first publication'),
  ptto: optionalText('Timetoken to return'),
  custom_message_type: optionalText('Type of the message'),
});

export type MessageKind = 'message' | 'signal';

/** A message to append. */
export interface NewMessage {
  readonly kind: MessageKind;
  /** Name of the channel as in the path, still encoded. */
  readonly channel: string;
  /** The payload, JSON text. */
  readonly json: string;
  /** Maximum bytes of the payload of a message. */
  readonly maxBytes: number;
}

/**
 * Appends a message to a channel, and returns its timetoken. Throws the vendor's error for a payload that is not JSON or too
 * large.
 */
export async function appendMessage(
  context: PresenceContext,
  { tenant, query }: Pick<PresenceCall, 'tenant' | 'query'>,
  message: NewMessage,
): Promise<string> {
  const { kind, json } = message;
  const channel = checkChannel(percentDecode(message.channel, errors.invalidChannel));
  const attributes = attributesOf(channel, kind, query);
  checkPayload(message);
  const payload = encodeMessage({ attributes, json });
  const position = isOn(query.norep)
    ? await skip(context, tenant)
    : await append(context, tenant, channel, payload);
  const { ptto } = query;
  return ptto !== undefined && /^\d{17}$/.test(ptto) ? ptto : String(position);
}

/** A fired message is for Functions only, which are not emulated: it has a timetoken, and no subscriber gets it. */
async function skip({ store }: PresenceContext, tenant: string): Promise<bigint> {
  return (await store.now({ tenant })).timetoken;
}

async function append(
  { store, debug }: PresenceContext,
  tenant: string,
  channel: string,
  payload: Buffer,
): Promise<bigint | undefined> {
  const { positions } = await store.commit({
    tenant,
    appends: [{ ...messageTopicsOf(channel), payload, ...messagesKept }],
  });
  debug?.({ tenant, group: channel, timetoken: String(positions[0]) }, 'message appended');
  return positions[0];
}

function checkPayload({ json, kind, maxBytes }: NewMessage): void {
  const bytes = Buffer.byteLength(json);
  if (kind === 'signal' && bytes > limits.signalBytes) throw errors.signalTooLarge();
  if (bytes > maxBytes) throw errors.messageTooLarge();
  try {
    // The text is passed on as it is and never written again, so it may be nested as deep as it fits.
    JSON.parse(json);
  } catch {
    throw errors.publishInvalidJson();
  }
}

const isOn = (flag: string | undefined): boolean => flag === '1' || flag === 'true';

function attributesOf(channel: string, kind: MessageKind, query: Query): MessageAttributes {
  const { uuid, seqn, custom_message_type: type } = query;
  const space = query['space-id'];
  const meta = parseMeta(query);
  const ortt = parseOriginalTimetoken(query);
  return {
    c: channel,
    ...(kind === 'signal' ? { e: 1 as const } : { s: /^\d{1,15}$/.test(seqn ?? '') ? Number(seqn) : 1 }),
    ...(uuid === undefined || uuid === '' ? {} : { i: uuid }),
    ...(ortt === undefined ? {} : { o: ortt }),
    ...(meta === undefined ? {} : { u: meta }),
    ...(type === undefined || type === '' ? {} : { cmt: type }),
    ...(space === undefined || space === '' ? {} : { si: space }),
    ...(kind === 'signal' || query.store === '0' || query.store === 'false'
      ? { stored: false as const }
      : {}),
  };
}

function parseMeta(query: Query): unknown {
  if (query.meta === undefined || query.meta === '') return undefined;
  const meta = parseJson(query.meta, errors.publishInvalidJson);
  // Some SDKs send a JSON text of a JSON text.
  return typeof meta === 'string' && /^\s*[[{]/.test(meta)
    ? parseJson(meta, errors.publishInvalidJson)
    : meta;
}

function parseOriginalTimetoken(query: Query): MessageAttributes['o'] {
  if (query.ortt === undefined || query.ortt === '') return undefined;
  const ortt = parseJson(query.ortt, errors.publishInvalidJson);
  if (typeof ortt !== 'object' || ortt === null) return undefined;
  const { t, r } = ortt as { t?: unknown; r?: unknown };
  // No other type has a text that could be a timetoken.
  if (typeof t !== 'string' && typeof t !== 'number') return undefined;
  return { t: String(t), ...(typeof r === 'number' ? { r } : {}) };
}
