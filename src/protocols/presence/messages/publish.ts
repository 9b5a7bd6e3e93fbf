/** Publishing a message, a signal, or one that nobody is to get (fire). Source: REST API pages. */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { errors } from '../errors.ts';
import type { Call } from '../membership/places.ts';
import { checkedChannel, decode, limits, parseJson, type Query, segmentAt } from '../wire/request.ts';
import { encodeMessage, type MessageFacts } from './message.ts';
import { messagesKept, messageTopicsOf } from './topics.ts';

export type PublishKind = 'message' | 'signal';

/** JSON text of at most so many bytes; throws the vendor's answer for what is none. */
function checkedJson(json: string, kind: PublishKind): string {
  const bytes = Buffer.byteLength(json);
  if (kind === 'signal' && bytes > limits.signalBytes) throw errors.signalTooLarge();
  if (bytes > limits.messageBytes) throw errors.messageTooLarge();
  try {
    // Passed on as it is, never written again: nested as deep as it may be.
    JSON.parse(json);
  } catch {
    throw errors.publishInvalidJson();
  }
  return json;
}

/** The message of a GET: everything after the sixth segment, for it may hold raw slashes. */
export function messageInPath(url: string): string {
  return decode(segmentAt(url, 6, true), errors.publishInvalidJson);
}

const unpack = { deflate: promisify(inflate), gzip: promisify(gunzip), raw: promisify(inflateRaw) } as const;

/** How a body is refused that cannot be read, or that is larger than a message may be. */
export interface Refusals {
  unreadable(): Error;
  tooLarge(): Error;
}

export const publishRefusals: Refusals = {
  unreadable: errors.publishInvalidJson,
  tooLarge: errors.messageTooLarge,
};

/** The same for calls of the Access Manager. */
export const accessRefusals: Refusals = { unreadable: errors.unreadable, tooLarge: errors.unreadable };

/** The text of a POST, which SDKs send compressed or not. Throws what `refusals` says. */
export async function textInBody(
  body: Buffer,
  encoding: string | undefined,
  { unreadable, tooLarge }: Refusals,
): Promise<string> {
  const bounds = { maxOutputLength: limits.messageBytes + 1 };
  let bytes = body;
  const codings = (encoding ?? '').toLowerCase();
  try {
    // What is called deflate has a zlib header; some leave it out all the same.
    if (codings === 'deflate')
      bytes = await ((body[0] ?? 0) % 16 === 8 ? unpack.deflate : unpack.raw)(body, bounds);
    else if (codings === 'gzip') bytes = await unpack.gzip(body, bounds);
    else if (codings !== '' && codings !== 'identity') throw unreadable();
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : unreadable();
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable();
  }
}

const isOn = (flag: string | undefined): boolean => flag === '1' || flag === 'true';

function metaOf(query: Query): unknown {
  if (query.meta === undefined || query.meta === '') return undefined;
  const meta = parseJson(query.meta, errors.publishInvalidJson);
  // Some SDKs send a JSON text of a JSON text.
  return typeof meta === 'string' && /^\s*[[{]/.test(meta)
    ? parseJson(meta, errors.publishInvalidJson)
    : meta;
}

function originalTimetoken(query: Query): { t: string; r?: number } | undefined {
  if (query.ortt === undefined || query.ortt === '') return undefined;
  const ortt = parseJson(query.ortt, errors.publishInvalidJson);
  if (typeof ortt !== 'object' || ortt === null) return undefined;
  const { t, r } = ortt as { t?: unknown; r?: unknown };
  // Anything else has no text that could be a timetoken, and may have none at all.
  if (typeof t !== 'string' && typeof t !== 'number') return undefined;
  return { t: String(t), ...(typeof r === 'number' ? { r } : {}) };
}

function factsOf(channel: string, kind: PublishKind, query: Query): MessageFacts {
  const { uuid, seqn, custom_message_type: type } = query;
  const space = query['space-id'];
  const meta = metaOf(query);
  const ortt = originalTimetoken(query);
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

/** Answers the message's timetoken. `json`: the payload. */
export async function publish(
  { store, tenant, query }: Call,
  kind: PublishKind,
  channelSegment: string,
  json: string,
): Promise<string> {
  const channel = checkedChannel(decode(channelSegment, errors.invalidChannel));
  const facts = factsOf(channel, kind, query);
  checkedJson(json, kind);
  // A fired message is for Functions only, which are not emulated: it takes its place in time and goes nowhere.
  const position = isOn(query.norep)
    ? (await store.now({ tenant })).timetoken
    : (
        await store.commit({
          tenant,
          appends: [
            { ...messageTopicsOf(channel), payload: encodeMessage({ facts, json }), ...messagesKept },
          ],
        })
      ).positions[0];
  const given = query.ptto;
  return given !== undefined && /^\d{17}$/.test(given) ? given : String(position);
}

/** The answer of every way to publish. */
export function sent(timetoken: string): string {
  return `[1,"Sent","${timetoken}"]`;
}
