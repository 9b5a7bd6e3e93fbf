/** Grant: gives or takes permissions, in the older form (v2) that the server keeps. Source: Access Manager pages, recorded replies. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import type { Query } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, tenantSubject } from '../wire/operation.ts';
import { channelGroup, commonParameters, optionalText, withBothKeyWords } from '../wire/parameters.ts';
import { AccessManagerReply, accessManagerReply } from './access-manager.ts';
import { demandSignature } from './demand.ts';
import { type GrantSubject, writeGrants } from './grants.ts';
import { bits } from './token.ts';

const defaultMinutes = 1_440;
const maxMinutes = 525_600;
const maxSubjects = 200;

/** Parameters of single permissions, and their bits. */
const flags = {
  r: bits.read,
  w: bits.write,
  m: bits.manage,
  d: bits.delete,
  g: bits.get,
  u: bits.update,
  j: bits.join,
} as const;

const Parameters = Type.Object({
  ...commonParameters,
  channel: optionalText('Channels, separated by commas'),
  'channel-group': channelGroup,
  'target-uuid': optionalText('Uuids, separated by commas; excludes channels and channel groups'),
  ttl: optionalText('Minutes; 0: for ever'),
  ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, optionalText('1: granted')])),
});

const GrantReply = AccessManagerReply({
  message: Type.Literal('Success'),
  payload: Type.Object({
    level: Type.String(),
    subscribe_key: Type.String(),
    ttl: Type.Integer(),
  }),
});

export function grant({ store }: PresenceContext): PresenceOperation {
  return {
    name: 'Grant',
    summary: 'Grants or revokes permissions of auth keys (Access Manager v2)',
    method: 'GET',
    ...withBothKeyWords('/v2/auth/grant/sub-key/:subscribeKey'),
    segments: { subscribeKey: 4 },
    schema: { query: Parameters, replies: { 200: GrantReply } },
    errors: [...commonErrors, 'invalidGrant'],
    subject: tenantSubject,
    demand: demandSignature,
    async run(call) {
      const { tenant, query, subscribeKey } = call;
      const requested = parseGrant(query);
      const { granted, ttlMinutes } = requested;
      const subjects = subjectsOf(requested);
      if (subjects.length > maxSubjects)
        throw errors.invalidGrant('Too many subjects', `At most ${maxSubjects}`, 'channel');
      const mask = Object.entries(flags).reduce(
        (sum, [flag, bit]) => sum + (granted[flag] === 1 ? bit : 0),
        0,
      );
      await writeGrants(store, tenant, { subjects, mask, ttlMinutes });
      const payload = { subscribe_key: subscribeKey, ttl: ttlMinutes, ...payloadOf(requested) };
      return accessManagerReply(call, replyHeaders.get, { message: 'Success', payload });
    },
  };
}

type Granted = Readonly<Record<string, 0 | 1>>;

interface RequestedGrant {
  readonly channels: readonly string[];
  readonly groups: readonly string[];
  readonly uuids: readonly string[];
  readonly auths: readonly string[];
  readonly granted: Granted;
  readonly ttlMinutes: number;
}

function parseGrant(query: Query): RequestedGrant {
  const channels = splitNames(query.channel);
  const groups = splitNames(query['channel-group']);
  const uuids = splitNames(query['target-uuid']);
  if (uuids.length > 0 && channels.length + groups.length > 0) {
    throw errors.invalidGrant('Invalid grant', 'Either uuids, or channels and channel groups', 'target-uuid');
  }
  return {
    channels,
    groups,
    uuids,
    auths: splitNames(query.auth),
    granted: parseFlags(query),
    ttlMinutes: parseTtl(query.ttl),
  };
}

/** Returns the minutes that a grant lasts. The real service accepts any number: more than the maximum counts as the maximum. */
function parseTtl(ttl: string | undefined): number {
  if (ttl === undefined || ttl === '') return defaultMinutes;
  if (!/^\d+$/.test(ttl)) throw errors.invalidGrant('Invalid ttl', 'A whole number of minutes, or 0', 'ttl');
  return Math.min(Number(ttl), maxMinutes);
}

/** Splits names as they are written: a presence companion is granted by its own name. */
function splitNames(parameter: string | undefined): string[] {
  return [...new Set((parameter ?? '').split(',').filter((name) => name !== ''))];
}

/** Returns every flag: the reply shows them all, whichever of them the request names (as recorded). */
function parseFlags(query: Query): Granted {
  return Object.fromEntries(Object.keys(flags).map((flag) => [flag, query[flag] === '1' ? 1 : 0]));
}

/** Returns every combination of a resource and an auth key. */
function subjectsOf({ channels, groups, uuids, auths }: RequestedGrant): GrantSubject[] {
  const resources: Omit<GrantSubject, 'auth'>[] = [
    ...channels.map((name) => ({ kind: 'channel' as const, name })),
    ...groups.map((name) => ({ kind: 'channel-group' as const, name })),
    ...uuids.map((name) => ({ kind: 'uuid' as const, name })),
  ];
  if (resources.length === 0) resources.push({ kind: 'subkey', name: '' });
  const clients = auths.length === 0 ? [''] : auths;
  return resources.flatMap((resource) => clients.map((auth) => ({ ...resource, auth })));
}

/** Returns what the reply says was granted, in one of the vendor's shapes. */
function payloadOf({ channels, groups, uuids, auths, granted }: RequestedGrant): Record<string, unknown> {
  const toAuths = auths.length > 0;
  const ofAuths = { auths: forEach(auths, granted) };
  const each = (names: readonly string[]) => forEach(names, toAuths ? ofAuths : granted);
  const isMixed = channels.length > 0 && groups.length > 0;
  if (uuids.length > 0) return { level: 'uuid', uuids: each(uuids) };
  if (groups.length > 0) {
    const [only] = groups;
    return {
      level: toAuths ? 'channel-group+auth' : 'channel-group',
      ...(isMixed ? { channels: each(channels) } : {}),
      ...(toAuths && !isMixed && groups.length === 1
        ? { 'channel-groups': only, ...ofAuths }
        : { 'channel-groups': each(groups) }),
    };
  }
  if (channels.length === 0)
    return toAuths ? { level: 'subkey+auth', ...ofAuths } : { level: 'subkey', ...granted };
  const [only] = channels;
  return toAuths && channels.length === 1
    ? { level: 'user', channel: only, ...ofAuths }
    : { level: toAuths ? 'user' : 'channel', channels: each(channels) };
}

function forEach<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
