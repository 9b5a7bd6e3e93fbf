/** Decodes an access token: what it allows, on what, to whom and for how long. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../kit/protocol.ts';
import { bits, decodeToken, endOf, type Permissions, readToken } from '../access/token.ts';
import type { PresenceContext } from '../context.ts';
import { checkTenant, failures, refusing, subscribeKeyOf, TenantName, tags } from './refuse.ts';

const maxTokenLength = 32_768;

const Kinds = Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(Type.String())), {
  description: 'names or patterns with what is allowed on each, by kind: chan, grp, uuid, spc, usr',
});

const Decoded = Type.Object({
  uuid: Type.Union([Type.String(), Type.Null()], { description: 'the only uuid that may use it; null: any' }),
  issuedAt: Type.String(),
  expiresAt: Type.String(),
  ttlMinutes: Type.Number(),
  isExpired: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'by the clock of the subscribe key; null: no `tenant` was given',
  }),
  resources: Kinds,
  patterns: Kinds,
  meta: Type.Unknown(),
  signature: Type.Union([Type.Literal('valid'), Type.Literal('invalid'), Type.Literal('unchecked')], {
    description: 'by the secret key of the subscribe key; unchecked: no `tenant` was given',
  }),
});

/** Registers `POST /tokens/decode`. */
export function tokenRoutes(app: App, { access }: PresenceContext): void {
  app.post(
    '/tokens/decode',
    {
      schema: {
        tags,
        operationId: 'decodeToken',
        summary: 'Decodes an access token, and checks its signature with the secret key of a subscribe key',
        body: Type.Object(
          { token: Type.String({ maxLength: maxTokenLength }), tenant: Type.Optional(TenantName) },
          { additionalProperties: false },
        ),
        response: { 200: Decoded, ...failures },
      },
    },
    async ({ body: { token: text, tenant } }) =>
      refusing(async () => {
        const token = readToken(text);
        if (token === undefined)
          throw Object.assign(new Error('token: not an access token (version 3)'), { statusCode: 400 });
        const key = tenant === undefined ? undefined : subscribeKeyOf(checkTenant(tenant));
        const isValid = key === undefined ? undefined : decodeToken(text, access.secretOf(key)) !== undefined;
        return {
          uuid: token.uuid ?? null,
          issuedAt: dateOf(token.issuedAt * 1_000),
          expiresAt: dateOf(endOf(token)),
          ttlMinutes: token.ttlMinutes,
          isExpired: tenant === undefined ? null : endOf(token) <= (await access.nowMs(tenant)),
          resources: wordsOf(token.resources),
          patterns: wordsOf(token.patterns),
          meta: plain(token.meta),
          signature: isValid === undefined ? 'unchecked' : isValid ? 'valid' : 'invalid',
        } as const;
      }),
  );
}

/** A token may hold any number. */
function dateOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

/** Returns permissions in words, without kinds that have none. */
function wordsOf(permissions: Permissions): Record<string, Record<string, string[]>> {
  const named = Object.entries(permissions).filter(([, names]) => names.size > 0);
  return Object.fromEntries(
    named.map(([kind, names]) => [
      kind,
      Object.fromEntries([...names].map(([name, mask]) => [name, permissionsIn(mask)])),
    ]),
  );
}

const permissionsIn = (mask: number): string[] =>
  Object.entries(bits).flatMap(([name, bit]) => ((mask & bit) === 0 ? [] : [name]));

/** Returns a decoded value as JSON has it: maps are objects, and byte strings text. */
function plain(value: unknown, depth = 0): unknown {
  if (depth > maxDepth) return '…';
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (!(value instanceof Map)) return value ?? null;
  return Object.fromEntries([...value].map(([name, item]) => [String(plain(name)), plain(item, depth + 1)]));
}

const maxDepth = 20;
