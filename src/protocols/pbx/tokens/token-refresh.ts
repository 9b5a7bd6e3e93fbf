/**
 * `POST /api/{version}/token/refresh`: how an application of a Cloud PBX keeps its token, which nothing else extends there
 * (Cloud PBX API v1.1.0). A new pair replaces the old one; the callback and the reports that wait move to it.
 */
import { Type } from '@sinclair/typebox';
import { endpoint, type PbxOperation, succeedWith, successWith, VersionParams } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, commonErrors, errnos, PbxError } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import { newToken } from '../tenant.ts';
import { readRefreshToken, useRefreshToken, writeRefreshToken } from './refresh-tokens.ts';
import { grantToken, parseCallback } from './token.ts';

const Body = Type.Object({ refreshtoken: Field });
const readBody = bodyReader(Body);

export function tokenRefresh({ store, settings, tokenEnds, randomBytes }: PbxContext): PbxOperation {
  return {
    name: 'PbxTokenRefresh',
    summary: 'Replaces a token and its refresh token by a new pair',
    ...endpoint('token/refresh'),
    isPostOnly: true,
    tenantFrom: 'refreshtoken',
    schema: {
      params: VersionParams,
      body: Body,
      replies: { 200: successWith({ token: Type.String(), refreshtoken: Type.String() }) },
    },
    errors: [
      ...commonErrors,
      ...bodyErrors,
      errnos.dataBlank,
      errnos.parameterBlank,
      // Unknown, used before, or its token ended.
      errnos.unknownToken,
    ],
    subject: () => ({ tenant: store.tenant }),
    async run({ body }) {
      const parameters = readBody(body);
      if (parameters === undefined) throw new PbxError(errnos.dataBlank);
      const used = parameters.get('refreshtoken') ?? '';
      if (used === '') throw new PbxError(errnos.parameterBlank);
      const found = await readRefreshToken(store, used);
      if (found === undefined) throw new PbxError(errnos.unknownToken);
      const { user, token: oldToken } = found.value;
      const lease = await store.read({ tenant: store.tenant, group: user, holder: oldToken });
      if (lease === null) throw new PbxError(errnos.unknownToken);
      const token = newToken(store.tenant, randomBytes);
      const refreshtoken = newToken(store.tenant, randomBytes);
      const { committed } = await store.commit({
        tenant: store.tenant,
        writes: [
          useRefreshToken(used, found.version),
          writeRefreshToken(refreshtoken, { user, token }, settings.pbxTokenTtlSeconds * 1_000),
        ],
      });
      if (!committed) throw new PbxError(errnos.unknownToken);
      // The new one first, so that the callback has a live token at every moment and keeps its reports.
      const replaced = await grantToken(store, settings, { user, token }, parseCallback(lease.data));
      for (const old of replaced) tokenEnds.set(old, 'replaced');
      tokenEnds.set(oldToken, 'refreshed');
      await store.release({ tenant: store.tenant, holder: oldToken, groups: [user] });
      return succeedWith({ token, refreshtoken });
    },
  };
}
