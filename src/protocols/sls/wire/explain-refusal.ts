/** Why requests are refused and what to set, in sentences for readers of the journal. */

import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Failure } from '../../kit/failure.ts';

const autoCreate =
  'Create it, or set SLS_AUTO_CREATE=true, which creates projects and logstores on first use.';
const needsSignature =
  'SLS_AUTH asks for signed requests: give the client an access key of SLS_KEYS, or set SLS_AUTH=off.';

/** By error code. */
const fixes: Readonly<Record<string, string>> = {
  InvalidHost:
    'The host names no project: SLS clients send <project>.<endpoint>. Set the HTTP proxy of the client to this server and keep its endpoint, add the domain of its endpoint to SLS_BASE_DOMAINS, or set SLS_DEFAULT_PROJECT.',
  ProjectNotExist: autoCreate,
  LogStoreNotExist: autoCreate,
  ConsumerGroupNotExist:
    'A consumer group is created by CreateConsumerGroup, which consumer libraries call before their first heartbeat; it ends with its logstore, and with a reset.',
  MissAccessKeyId: needsSignature,
  Unauthorized:
    'The access key id is not in SLS_KEYS, or SLS_AUTH=verify-v4 refuses version 1 of signatures.',
  RequestTimeExpired:
    "The time of the request differs from the server's by more than 15 minutes. Correct the clock of the client, or bring back the clock of the project if it was advanced.",
  ExceedQuota:
    'Raise SLS_MAX_CONSUMER_GROUPS, SLS_MAX_CONSUMERS or SLS_MAX_SHARDS, or remove what is no longer used.',
};

/** Returns sentences on a failure; none where its message says enough. */
export function explainRefusal(failure: Failure, request: FastifyRequest): readonly string[] {
  if (failure.kind !== 'vendor') return [];
  const { code } = failure.error;
  if (code === 'SignatureNotMatch') return [explainSignature(request)];
  const fix = Object.hasOwn(fixes, code) ? fixes[code] : undefined;
  return fix === undefined ? [] : [fix];
}

/** Looks for what differs in the order in which it can be told apart from a wrong secret. */
function explainSignature({ headers, body, authority }: FastifyRequest): string {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const isV4 = headers.authorization?.startsWith('SLS4-') === true;
  const sent = String(headers[isV4 ? 'x-log-content-sha256' : 'content-md5'] ?? '').toLowerCase();
  const actual = createHash(isV4 ? 'sha256' : 'md5')
    .update(bytes)
    .digest('hex');
  const isHashNeeded = isV4 || sent !== '' || bytes.length > 0;
  if (isHashNeeded && sent !== actual)
    return `The body that arrived is not the one whose hash was signed: ${isV4 ? 'x-log-content-sha256' : 'Content-MD5'} is ${JSON.stringify(sent.slice(0, 64))}, the hash of the body is "${actual}".`;
  if (isV4 && headers.host !== authority)
    return `Version 4 signs Host, which is ${JSON.stringify(headers.host ?? '')}, while the target names ${JSON.stringify(authority)}: a proxy between client and server changes one of them.`;
  return 'The body is the one that was signed, so the secret of the client is not the one in SLS_KEYS, or a proxy changes the path, the query, or a header that is signed. SLS_AUTH=off accepts any signature.';
}
