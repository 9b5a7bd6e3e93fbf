/** Revoke token: ends a token before its time. Source: Access Manager pages. */
import { Type } from '@sinclair/typebox';
import type { PresenceContext } from '../context.ts';
import { percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { replyHeaders } from '../wire/headers.ts';
import { commonErrors, type PresenceOperation, tenantSubject } from '../wire/operation.ts';
import { plainQuery } from '../wire/parameters.ts';
import { AccessManagerReply, accessManagerReply } from './access-manager.ts';
import { demandSignature } from './demand.ts';
import { addRevocation } from './revocations.ts';
import { decodeToken, endOf } from './token.ts';

const RevokeTokenReply = AccessManagerReply({ data: Type.Object({ message: Type.Literal('Success') }) });

export function revokeToken({ store, access }: PresenceContext): PresenceOperation {
  return {
    name: 'RevokeToken',
    summary: 'Revokes an access token (Access Manager v3)',
    method: 'DELETE',
    path: '/v3/pam/:subscribeKey/grant/:token',
    segments: { subscribeKey: 2 },
    schema: { query: plainQuery, replies: { 200: RevokeTokenReply } },
    errors: [...commonErrors, 'invalidToken'],
    subject: tenantSubject,
    demand: demandSignature,
    async run(call) {
      const text = percentDecode(segmentAt(call.url, 4), errors.unreadable);
      const token = decodeToken(text, access.secretOf(call.subscribeKey));
      if (token === undefined) throw errors.invalidToken('Token is not one of this key.');
      const leftMs = endOf(token) - (await access.nowMs(call.tenant));
      if (leftMs <= 0) throw errors.invalidToken('Token is expired.');
      await addRevocation(store, call.tenant, token, leftMs);
      return accessManagerReply(call, replyHeaders.delete, { data: { message: 'Success' } });
    },
  };
}
