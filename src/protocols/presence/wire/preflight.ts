/** CORS preflight requests of browsers, on every path of the vendor's API. */
import { demandNothing } from '../access/demand.ts';
import { replyHeaders } from './headers.ts';
import type { PresenceOperation } from './operation.ts';

export const preflight: PresenceOperation = {
  name: 'Preflight',
  summary: 'Allows browsers to call from pages of other origins',
  method: 'OPTIONS',
  path: '/v1/*',
  otherPaths: ['/v2/*', '/v3/*', '/publish/*', '/signal/*', '/subscribe/*', '/time/*'],
  isHidden: true,
  segments: {},
  schema: { replies: { 200: 'The allowed methods and headers' } },
  errors: [],
  subject: () => ({}),
  demand: demandNothing,
  run: () => ({ status: 200, headers: replyHeaders.preflight, body: '' }),
};
