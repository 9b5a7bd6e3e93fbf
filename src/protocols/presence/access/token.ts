/** Access tokens (v3): CBOR maps whose keys are byte strings, signed with the secret key. Source: SDK sources. Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { decode, encode } from 'cborg';
import { matchesPattern } from './patterns.ts';

/** Permission bits, as tokens and grants hold them. */
export const bits = {
  read: 1,
  write: 2,
  manage: 4,
  delete: 8,
  create: 16,
  get: 32,
  update: 64,
  join: 128,
} as const;

/** Kinds of resources, as tokens spell them. */
export type ResourceKind = 'chan' | 'grp' | 'spc' | 'usr' | 'uuid';
const kinds: readonly ResourceKind[] = ['chan', 'grp', 'spc', 'usr', 'uuid'];

export type Permissions = Readonly<Record<ResourceKind, ReadonlyMap<string, number>>>;

/** What a token holds. */
export interface TokenContent {
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly ttlMinutes: number;
  readonly resources: Permissions;
  /** Regular expressions over names; see `matchesPattern`. */
  readonly patterns: Permissions;
  readonly meta: unknown;
  /** The only uuid that may use the token. Absent: any. */
  readonly uuid?: string;
}

/** A token whose signature is right. */
export interface AccessToken extends TokenContent {
  /** The signature as text: the same for every spelling of a token, and another for every other token. */
  readonly id: string;
}

const sign = (secretKey: string, bytes: Uint8Array): Buffer =>
  createHmac('sha256', secretKey).update(bytes).digest();

const key = (name: string): Uint8Array => Buffer.from(name);

function encodePermissions(permissions: Permissions): Map<Uint8Array, Map<Uint8Array, number>> {
  return new Map(
    kinds.map((kind) => [
      key(kind),
      new Map([...permissions[kind]].map(([name, mask]) => [key(name), mask])),
    ]),
  );
}

/** Encodes a token as clients send it. */
export function encodeToken(token: TokenContent, secretKey: string): string {
  const members: [Uint8Array, unknown][] = [
    [key('v'), 2],
    [key('t'), token.issuedAt],
    [key('ttl'), token.ttlMinutes],
    [key('res'), encodePermissions(token.resources)],
    [key('pat'), encodePermissions(token.patterns)],
    [key('meta'), token.meta],
    ...(token.uuid === undefined ? [] : [[key('uuid'), token.uuid] as [Uint8Array, unknown]]),
  ];
  const signature = sign(secretKey, encode(new Map(members)));
  return Buffer.from(encode(new Map([...members, [key('sig'), new Uint8Array(signature)]]))).toString(
    'base64url',
  );
}

/** Returns a name as text: encoders write byte strings or text. */
function nameOf(name: unknown): string {
  return name instanceof Uint8Array ? Buffer.from(name).toString() : String(name);
}

function mapOf(value: unknown): Map<string, unknown> {
  return new Map(value instanceof Map ? [...value].map(([name, item]) => [nameOf(name), item]) : []);
}

function decodePermissions(value: unknown): Permissions {
  const found = mapOf(value);
  const ofKind = (kind: ResourceKind): Map<string, number> =>
    new Map([...mapOf(found.get(kind))].map(([name, mask]) => [name, Number(mask)]));
  return {
    chan: ofKind('chan'),
    grp: ofKind('grp'),
    spc: ofKind('spc'),
    usr: ofKind('usr'),
    uuid: ofKind('uuid'),
  };
}

interface Signed {
  readonly members: Map<string, unknown>;
  /** The bytes that the signature covers. */
  readonly bytes: Uint8Array;
}

/** Returns the signed part; undefined for a text that is no CBOR map. A client's map may decode and still not encode again. */
function signedPart(text: string): Signed | undefined {
  try {
    const whole: unknown = decode(Buffer.from(text, 'base64url'), { useMaps: true });
    if (!(whole instanceof Map)) return undefined;
    const signed = [...whole].filter(([name]) => nameOf(name) !== 'sig');
    return { members: mapOf(whole), bytes: encode(new Map(signed)) };
  } catch {
    return undefined;
  }
}

/** Returns what a token holds, also if another key signed it; undefined for a text that is none. */
export function readToken(text: string): TokenContent | undefined {
  const part = signedPart(text);
  return part === undefined || !part.members.has('sig') ? undefined : contentOf(part);
}

function contentOf({ members }: Signed): TokenContent {
  const uuid = members.get('uuid');
  return {
    issuedAt: Number(members.get('t')),
    ttlMinutes: Number(members.get('ttl')),
    resources: decodePermissions(members.get('res')),
    patterns: decodePermissions(members.get('pat')),
    meta: members.get('meta'),
    ...(uuid === undefined ? {} : { uuid: nameOf(uuid) }),
  };
}

/** Decodes a token; undefined for a text that is none, or that was signed with another key. */
export function decodeToken(text: string, secretKey: string): AccessToken | undefined {
  const part = signedPart(text);
  const signature = part?.members.get('sig');
  if (part === undefined || !(signature instanceof Uint8Array)) return undefined;
  const expected = sign(secretKey, part.bytes);
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
  return { id: expected.toString('base64url'), ...contentOf(part) };
}

/** One permission on one resource. */
export interface ResourcePermission {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly bit: number;
}

/** Whether a token holds a permission. */
export function allows(token: AccessToken, { kind, name, bit }: ResourcePermission): boolean {
  if (((token.resources[kind].get(name) ?? 0) & bit) !== 0) return true;
  return [...token.patterns[kind]].some(
    ([pattern, mask]) => (mask & bit) !== 0 && matchesPattern(pattern, name),
  );
}

/** Returns when a token expires, ms on the clock of its keyset. */
export function endOf({ issuedAt, ttlMinutes }: TokenContent): number {
  return (issuedAt + ttlMinutes * 60) * 1_000;
}
