/** Revoke token: ends a token before its time. Source: Access Manager pages. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import { percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, tenantSubject } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { jsonReply } from '../wire/reply.ts';
import { demandSignature } from './demand.ts';
import { addRevocation } from './revocations.ts';
import { decodeToken } from './token.ts';

const RevokeTokenReply = Type.Object({
  data: Type.Object({ message: Type.Literal('Success') }),
  service: Type.Literal('Access Manager'),
  status: Type.Literal(200),
});

export function revokeToken({ store, access, wallMs }: PresenceContext): PresenceOperation {
  return {
    name: 'RevokeToken',
    summary: 'Revokes an access token (Access Manager v3)',
    method: 'DELETE',
    path: '/v3/pam/:subscribeKey/grant/:token',
    segments: { subscribeKey: 2 },
    schema: { query: plainQuery, replies: { 200: RevokeTokenReply } },
    errors: [...commonErrors, 'invalidGrant'],
    subject: tenantSubject,
    demand: demandSignature,
    async run(call) {
      const text = percentDecode(segmentAt(call.url, 4), errors.unreadable);
      const token = decodeToken(text, access.secretOf(call.subscribeKey));
      if (token === undefined)
        throw errors.invalidGrant('Invalid token', 'The token is not one of this key', 'token');
      const endsAtMs = (token.issuedAt + token.ttlMinutes * 60) * 1_000;
      await addRevocation(store, call.tenant, text, endsAtMs - wallMs());
      return jsonReply(call, replyHeaders.delete, {
        data: { message: 'Success' },
        service: 'Access Manager',
        status: 200,
      });
    },
  };
}
