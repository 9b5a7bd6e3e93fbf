/** The parameters of a request, from bodies as clients send them: JSON under any Content-Type, or under none. */
import { type TObject, Type } from '@sinclair/typebox';
import { validator } from '../../kit/validate.ts';
import { errnos, PbxError } from './errors.ts';
import { parseSloppyObject } from './sloppy-object.ts';

/** A member of a body. The documents say String; clients send numbers too. */
export const Field = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]));

/** Text by name; names that were not sent, or sent as null, are absent. */
export type Parameters = ReadonlyMap<string, string>;

export interface Body {
  readonly text: string;
  readonly contentType: string;
}

export const noParameters: Parameters = new Map();

export function isEmptyBody({ text }: Body): boolean {
  return text === '' || text.trim() === '';
}

/**
 * Returns a reader of bodies whose members match the schema. The reader returns undefined for an empty body; throws PbxError
 * 10002 for XML, and 20000 for what is not a JSON object or does not match.
 */
export function bodyReader(schema: TObject): (body: Body) => Parameters | undefined {
  const validate = validator(schema);
  const names = Object.keys(schema.properties);
  return (body) => {
    if (isEmptyBody(body)) return undefined;
    const fields: Record<string, unknown> = validate(parseObject(body), () => new PbxError(errnos.jsonOnly));
    return textsOf(fields, names);
  };
}

const readObject = bodyReader(Type.Object({}));

/** Checks the body of a call without parameters. Throws PbxError as the readers of `bodyReader` do. */
export function checkBody(body: Body): void {
  readObject(body);
}

/** Returns the parameters with these names as text. */
export function textsOf(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value !== undefined && value !== null) texts.set(name, String(value));
  }
  return texts;
}

/**
 * Returns a text member of a body without judging the rest of it; empty if there is none, also in a body that cannot be read:
 * the operation refuses that one later.
 */
export function memberOf(body: Body, name: string): string {
  if (isEmptyBody(body)) return '';
  try {
    const value = parseObject(body)[name];
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

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
    if (isForm) return Object.fromEntries(new URLSearchParams(text));
    value = parseSloppyObject(text);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PbxError(errnos.jsonOnly);
  return value as Record<string, unknown>;
}
