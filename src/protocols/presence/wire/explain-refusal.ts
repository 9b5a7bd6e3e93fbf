/** Why requests are refused and what to set, in sentences for readers of the journal. */
import type { Failure } from '../../kit/failure.ts';

/** By the vendor's message: its errors have no codes. */
const fixes: Readonly<Record<string, string>> = {
  'Invalid Signature':
    'The signature is not the one that the secret key of PRESENCE_KEYS gives, or the call has none and needs one: check secretKey of the client. A proxy that changes the path, the query or the body breaks signatures too.',
  'Invalid Timestamp':
    'The timestamp of the request differs from the time of the server by more than a minute: correct the clock of the client.',
  'Token is expired':
    'The token ended by the clock of this subscribe key, which may have been advanced: grant a new one.',
  'Token is revoked': 'The token was revoked: grant a new one.',
  Forbidden:
    'Neither the token or auth key of the request nor a grant allows this on the resources named in the reply. Decode the token in the Presence view to see what it allows, and for which uuid. PRESENCE_AUTH=off allows everything.',
  'Invalid Subscribe Key': 'PRESENCE_KEYS does not list this subscribe key.',
  'Invalid Key': 'The publish key is not the one that PRESENCE_KEYS has for this subscribe key.',
  'Too Many Requests': 'PRESENCE_REQUESTS_PER_SECOND limits requests; 0 means no limit.',
  'Missing uuid': 'Set userId (uuid) in the configuration of the client.',
};

/** Returns sentences on a failure; none where its message says enough. */
export function explainRefusal(failure: Failure): readonly string[] {
  if (failure.kind !== 'vendor') return [];
  const { code, status } = failure.error;
  if (status === 402) return ['PRESENCE_ENABLED=true turns presence on.'];
  const fix = Object.hasOwn(fixes, code) ? fixes[code] : undefined;
  return fix === undefined ? [] : [fix];
}
