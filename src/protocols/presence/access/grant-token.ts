/** Grant token: returns a token that carries its permissions itself (v3). Source: Access Manager pages, SDK sources. */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../kit/validate.ts';
import type { PresenceContext } from '../context.ts';
import { accessBodyErrors, readText } from '../wire/decode/body.ts';
import { parseJson } from '../wire/decode/json.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, tenantSubject } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { AccessManagerReply, accessManagerReply } from './access-manager.ts';
import { demandSignature } from './demand.ts';
import { faultOfPattern } from './patterns.ts';
import { encodeToken, type Permissions, type ResourceKind } from './token.ts';

const Masks = Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 255 })));

const Resources = Type.Object({
  channels: Masks,
  groups: Masks,
  uuids: Masks,
  users: Masks,
  spaces: Masks,
});

const TokenGrant = Type.Object({
  ttl: Type.Integer({ minimum: 1, maximum: 43_200, description: 'Minutes' }),
  permissions: Type.Object({
    resources: Type.Optional(Resources),
    patterns: Type.Optional(Resources),
    meta: Type.Optional(Type.Unknown()),
    uuid: Type.Optional(Type.String({ minLength: 1 })),
  }),
});

const GrantTokenReply = AccessManagerReply({
  data: Type.Object({ message: Type.Literal('Success'), token: Type.String() }),
});

export function grantToken({ access }: PresenceContext): PresenceOperation {
  return {
    name: 'GrantToken',
    summary: 'Returns an access token (Access Manager v3)',
    method: 'POST',
    path: '/v3/pam/:subscribeKey/grant',
    segments: { subscribeKey: 2 },
    schema: { query: plainQuery, body: TokenGrant, replies: { 200: GrantTokenReply } },
    errors: [...commonErrors, 'invalidGrant', 'messageTooLarge'],
    subject: tenantSubject,
    demand: demandSignature,
    async run(call) {
      const { ttl, permissions } = parseGrant(await readText(call.body, accessBodyErrors));
      const resources = permissionsOf(permissions.resources);
      const patterns = permissionsOf(permissions.patterns);
      if (isEmpty(resources) && isEmpty(patterns)) throw noPermissions();
      checkPatterns(permissions.patterns);
      const { meta = {}, uuid } = permissions;
      const content = { ttlMinutes: ttl, resources, patterns, meta, ...(uuid === undefined ? {} : { uuid }) };
      const issuedAt = Math.floor((await access.nowMs(call.tenant)) / 1_000);
      const token = encodeToken({ issuedAt, ...content }, access.secretOf(call.subscribeKey));
      return accessManagerReply(call, replyHeaders.post, { data: { message: 'Success', token } });
    },
  };
}

const checkGrant = validator(TokenGrant);

function parseGrant(body: string): Static<typeof TokenGrant> {
  const grant = parseJson(body, () => errors.invalidGrant('Invalid JSON', 'The body is not JSON', 'body'));
  return checkGrant(grant, ({ path, message }) =>
    errors.invalidGrant('Invalid grant', message, path.slice(1).replaceAll('/', '.')),
  );
}

const noPermissions = (): Error =>
  errors.invalidGrant(
    'This grant contains no permissions',
    'What are you granting?',
    'permissions.resources',
  );

/** Throws for a pattern that no name could match: the client would only learn it by being refused. */
function checkPatterns(patterns: Static<typeof Resources> = {}): void {
  for (const [kind, masks] of Object.entries(patterns)) {
    for (const pattern of Object.keys(masks ?? {})) {
      const fault = faultOfPattern(pattern);
      if (fault !== undefined)
        throw errors.invalidGrant('Invalid RegExp', fault, `permissions.patterns.${kind}.${pattern}`);
    }
  }
}

const members: Readonly<Record<ResourceKind, keyof Static<typeof Resources>>> = {
  chan: 'channels',
  grp: 'groups',
  spc: 'spaces',
  usr: 'users',
  uuid: 'uuids',
};

function permissionsOf(resources: Static<typeof Resources> | undefined): Permissions {
  const masksOf = (kind: ResourceKind): Map<string, number> =>
    new Map(Object.entries(resources?.[members[kind]] ?? {}));
  return {
    chan: masksOf('chan'),
    grp: masksOf('grp'),
    spc: masksOf('spc'),
    usr: masksOf('usr'),
    uuid: masksOf('uuid'),
  };
}

function isEmpty(permissions: Permissions): boolean {
  return Object.values(permissions).every((masks) => masks.size === 0);
}
