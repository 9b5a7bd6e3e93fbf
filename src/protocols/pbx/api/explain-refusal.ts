/** Why requests are refused and what to set, in sentences for readers of the journal. */
import type { Failure } from '../../kit/failure.ts';
import { type Errno, meanings } from './errors.ts';

/** By error number. */
const fixes: Readonly<Partial<Record<Errno, string>>> = {
  '20000': 'Send a JSON object.',
  '20001': 'Send the call as POST.',
  '20002':
    'Five logins of this address failed within ten minutes. DELETE /_heartbeatd/pbx/login-failures/<address> unlocks it.',
  '20003':
    'The user or the password is not in PBX_USERS; the password is sent as its MD5 hash in hexadecimal. Without PBX_USERS any user logs in.',
  '20004':
    'No login returned this token, or it ended by logout, a newer login or a reset: log in again. A token of another server is unknown here.',
  '20005':
    'The token belongs into the query of the request: ?token=<token>. PBX_TOKEN_IN_BODY=true also takes it from the body.',
  '20006':
    'The token ended because no heartbeat renewed it in time (PBX_TOKEN_TTL_SECONDS), or the clock was advanced: log in again.',
  '10003':
    'The path or the version is none of the API: it is /api/<version>/<call>, such as /api/v1.1.0/heartbeat.',
};

/** Returns sentences on a failure: what its number means, and what helps. */
export function explainRefusal(failure: Failure): readonly string[] {
  if (failure.kind !== 'vendor') return [];
  const errno = failure.error.code as Errno;
  const fix = fixes[errno];
  return [`Error ${errno}: ${meanings[errno] ?? 'unknown'}.${fix === undefined ? '' : ` ${fix}`}`];
}
