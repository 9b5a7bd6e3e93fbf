/** The parameters of a request, from bodies as they really arrive: whatever the Content-Type says, or does not. */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { errnos, PbxError } from './errors.ts';

/** A member of a body. The documents say String; clients send numbers too. */
const Field = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]));

export const LoginBody = Type.Object({
  username: Field,
  password: Field,
  port: Field,
  url: Field,
  urltag: Field,
  version: Field,
});

export const HeartbeatBody = Type.Object({
  ipaddr: Field,
  port: Field,
  url: Field,
  urltag: Field,
  /** The same as `urltag`, as one edition of the documents calls it. */
  urlflag: Field,
  version: Field,
});

export const QueryBody = Type.Object({
  /** v1: the extensions asked for. */
  extid: Field,
  /** v2: the same. */
  number: Field,
  inboundid: Field,
  outboundid: Field,
});

export const RefreshBody = Type.Object({ refreshtoken: Field });

const isRefresh = TypeCompiler.Compile(RefreshBody);
const isQuery = TypeCompiler.Compile(QueryBody);
const isLogin = TypeCompiler.Compile(LoginBody);
const isHeartbeat = TypeCompiler.Compile(HeartbeatBody);

/** Text per name; names that were not sent, or sent as null, are not in it. */
export type Parameters = ReadonlyMap<string, string>;

export interface Body {
  readonly text: string;
  readonly contentType: string;
}

export const noParameters: Parameters = new Map();

function isXml({ text, contentType }: Body): boolean {
  return text.startsWith('<') || /\bxml\b/i.test(contentType);
}

function parseObject(body: Body): Record<string, unknown> {
  const { text, contentType } = body;
  if (isXml(body)) throw new PbxError(errnos.xmlNotSupported);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isForm = /^application\/x-www-form-urlencoded/i.test(contentType) && /^[^{["]*=/.test(text);
    if (!isForm) throw new PbxError(errnos.jsonOnly);
    return Object.fromEntries(new URLSearchParams(text));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PbxError(errnos.jsonOnly);
  return value as Record<string, unknown>;
}

function textsOf(fields: Readonly<Record<string, unknown>>, names: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value !== undefined && value !== null) texts.set(name, String(value));
  }
  return texts;
}

/** Undefined if the body is empty. Throws PbxError 10002 and 20000. */
export function loginParameters(body: Body): Parameters | undefined {
  if (body.text.trim() === '') return undefined;
  const object = parseObject(body);
  if (!isLogin.Check(object)) throw new PbxError(errnos.jsonOnly);
  return textsOf(object satisfies Static<typeof LoginBody>, Object.keys(LoginBody.properties));
}

/** Undefined if the body is empty. Throws PbxError 10002 and 20000. */
export function refreshParameters(body: Body): Parameters | undefined {
  if (body.text.trim() === '') return undefined;
  const object = parseObject(body);
  if (!isRefresh.Check(object)) throw new PbxError(errnos.jsonOnly);
  return textsOf(object satisfies Static<typeof RefreshBody>, Object.keys(RefreshBody.properties));
}

/** None if the body is empty. Throws PbxError 10002 and 20000. */
export function queryParameters(body: Body): Parameters {
  if (body.text.trim() === '') return noParameters;
  const object = parseObject(body);
  if (!isQuery.Check(object)) throw new PbxError(errnos.jsonOnly);
  return textsOf(object satisfies Static<typeof QueryBody>, Object.keys(QueryBody.properties));
}

/**
 * What a body says as `token`: one client sends it there. Empty if there is none; a body that cannot be read has none, and
 * what is wrong with it is for later to say.
 */
export function bodyToken(body: Body): string {
  if (body.text.trim() === '') return '';
  try {
    const { token } = parseObject(body);
    return typeof token === 'string' ? token : '';
  } catch {
    return '';
  }
}

/** Whether a heartbeat may have parameters at all: most have none, and need not know their callback. */
export function saysAnything(body: Body, query: Readonly<Record<string, unknown>>): boolean {
  return body.text !== '' || Object.keys(query).some((name) => name !== 'token');
}

/** As `loginParameters`, with what stands in the query where the body does not say it (one client sends it there). */
export function heartbeatParameters(
  body: Body,
  query: Readonly<Record<string, unknown>>,
): Parameters | undefined {
  const names = Object.keys(HeartbeatBody.properties);
  if (query.type === 'xml') throw new PbxError(errnos.xmlNotSupported);
  const fromQuery = textsOf(query, names);
  if (body.text.trim() === '') return fromQuery.size === 0 ? undefined : fromQuery;
  const object = parseObject(body);
  if (!isHeartbeat.Check(object)) throw new PbxError(errnos.jsonOnly);
  return new Map([...fromQuery, ...textsOf(object satisfies Static<typeof HeartbeatBody>, names)]);
}
