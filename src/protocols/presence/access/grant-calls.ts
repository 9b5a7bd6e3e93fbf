/** The calls of the Access Manager: grant (both versions) and revoke. Sources: Access Manager pages, recorded answers. */
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { errors } from '../errors.ts';
import type { Call } from '../membership/places.ts';
import { parseJson, type Query } from '../wire/request.ts';
import { revokeToken } from './access.ts';
import { type GrantSubject, putGrants } from './grants.ts';
import { bits, decodeToken, encodeToken, type Permissions, type ResourceKind } from './token.ts';

const minutesRange = { min: 1, max: 43_200 } as const;
const defaultMinutes = 1_440;
const maxSubjects = 200;

/** Parameters of a v2 grant and their bits. */
const flags = {
  r: bits.read,
  w: bits.write,
  m: bits.manage,
  d: bits.delete,
  g: bits.get,
  u: bits.update,
  j: bits.join,
} as const;

function grantedFlags(query: Query): Record<string, 0 | 1> {
  const asked = Object.keys(flags).filter((flag) => query[flag] !== undefined);
  // These four are always answered, the others where they were named.
  const names = new Set(['r', 'w', 'm', 'd', ...asked]);
  return Object.fromEntries([...names].map((flag) => [flag, query[flag] === '1' ? 1 : 0]));
}

function each<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** `GET /v2/auth/grant/sub-key/{sub}`. */
export async function grantV2(
  { store, tenant, query }: Call,
  subscribeKey: string,
): Promise<Record<string, unknown>> {
  const channels = namesIn(query.channel);
  const groups = namesIn(query['channel-group']);
  const auths = namesIn(query.auth);
  const ttl = query.ttl === undefined || query.ttl === '' ? defaultMinutes : Number(query.ttl);
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 525_600) {
    throw errors.invalidGrant('Invalid ttl', 'A whole number of minutes, or 0', 'ttl');
  }
  const granted = grantedFlags(query);
  const mask = Object.entries(flags).reduce((sum, [flag, bit]) => sum + (granted[flag] === 1 ? bit : 0), 0);
  const who = auths.length === 0 ? [''] : auths;
  const places: Omit<GrantSubject, 'auth'>[] = [
    ...channels.map((name) => ({ kind: 'channel' as const, name })),
    ...groups.map((name) => ({ kind: 'channel-group' as const, name })),
  ];
  if (places.length === 0) places.push({ kind: 'subkey', name: '' });
  const subjects = places.flatMap((place) => who.map((auth) => ({ ...place, auth })));
  if (subjects.length > maxSubjects)
    throw errors.invalidGrant('Too many subjects', `At most ${maxSubjects}`, 'channel');
  await putGrants(store, tenant, subjects, mask, ttl);
  return {
    message: 'Success',
    payload: {
      subscribe_key: subscribeKey,
      ttl,
      ...payloadOf(channels, groups, auths, granted),
    },
    service: 'Access Manager',
    status: 200,
  };
}

function payloadOf(
  channels: readonly string[],
  groups: readonly string[],
  auths: readonly string[],
  granted: Readonly<Record<string, 0 | 1>>,
): Record<string, unknown> {
  const ofAuths = each(auths, granted);
  const toAuths = auths.length > 0;
  if (groups.length > 0) {
    const [only] = groups;
    return {
      level: toAuths ? 'channel-group+auth' : 'channel-group',
      ...(toAuths && groups.length === 1
        ? { 'channel-groups': only, auths: ofAuths }
        : { 'channel-groups': each(groups, toAuths ? { auths: ofAuths } : granted) }),
    };
  }
  if (channels.length === 0) {
    return toAuths ? { level: 'subkey+auth', auths: ofAuths } : { level: 'subkey', ...granted };
  }
  if (!toAuths) return { level: 'channel', channels: each(channels, granted) };
  const [only] = channels;
  return channels.length === 1
    ? { level: 'user', channel: only, auths: ofAuths }
    : { level: 'user', channels: each(channels, { auths: ofAuths }) };
}

/** As written: a presence companion is granted by its own name. */
function namesIn(parameter: string | undefined): string[] {
  return [...new Set((parameter ?? '').split(',').filter((name) => name !== ''))];
}

const Masks = Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 255 })));
const Resources = Type.Object({
  channels: Masks,
  groups: Masks,
  uuids: Masks,
  users: Masks,
  spaces: Masks,
});
const Grant = Type.Object({
  ttl: Type.Integer({ minimum: minutesRange.min, maximum: minutesRange.max }),
  permissions: Type.Object({
    resources: Type.Optional(Resources),
    patterns: Type.Optional(Resources),
    meta: Type.Optional(Type.Unknown()),
    uuid: Type.Optional(Type.String({ minLength: 1 })),
  }),
});

const members: Readonly<Record<ResourceKind, keyof Static<typeof Resources>>> = {
  chan: 'channels',
  grp: 'groups',
  spc: 'spaces',
  usr: 'users',
  uuid: 'uuids',
};

function permissionsOf(resources: Static<typeof Resources> | undefined): Permissions {
  const of = (kind: ResourceKind): Map<string, number> =>
    new Map(Object.entries(resources?.[members[kind]] ?? {}));
  return { chan: of('chan'), grp: of('grp'), spc: of('spc'), usr: of('usr'), uuid: of('uuid') };
}

function grantIn(body: string): Static<typeof Grant> {
  const grant = parseJson(body, () => errors.invalidGrant('Invalid JSON', 'The body is no JSON', 'body'));
  const [wrong] = Value.Errors(Grant, grant);
  if (wrong !== undefined || !Value.Check(Grant, grant)) {
    throw errors.invalidGrant(
      'Invalid grant',
      wrong?.message ?? 'Unreadable',
      wrong?.path.slice(1).replaceAll('/', '.') ?? 'body',
    );
  }
  return grant;
}

const isEmpty = (permissions: Permissions): boolean =>
  Object.values(permissions).every((masks) => masks.size === 0);

/** `POST /v3/pam/{sub}/grant`: a token that holds its permissions itself. */
export function grantV3(secretKey: string, body: string, wallMs: number): Record<string, unknown> {
  const { ttl, permissions } = grantIn(body);
  const resources = permissionsOf(permissions.resources);
  const patterns = permissionsOf(permissions.patterns);
  if (isEmpty(resources) && isEmpty(patterns)) {
    throw errors.invalidGrant(
      'This grant contains no permissions',
      'What are you granting?',
      'permissions.resources',
    );
  }
  const token = encodeToken(
    {
      issuedAt: Math.floor(wallMs / 1_000),
      ttlMinutes: ttl,
      resources,
      patterns,
      meta: permissions.meta ?? {},
      ...(permissions.uuid === undefined ? {} : { uuid: permissions.uuid }),
    },
    secretKey,
  );
  return { data: { message: 'Success', token }, service: 'Access Manager', status: 200 };
}

/** `DELETE /v3/pam/{sub}/grant/{token}`. */
export async function revoke(
  { store, tenant }: Call,
  text: string,
  secretKey: string,
  wallMs: number,
): Promise<Record<string, unknown>> {
  const token = decodeToken(text, secretKey);
  if (token === undefined)
    throw errors.invalidGrant('Invalid token', 'The token is not one of this key', 'token');
  await revokeToken(store, tenant, text, (token.issuedAt + token.ttlMinutes * 60) * 1_000 - wallMs);
  return { data: { message: 'Success' }, service: 'Access Manager', status: 200 };
}
