import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

let started: StartedApp;
beforeAll(async () => {
  started = await startApp();
});
afterAll(() => started.close());

it.each([
  ['GET', '/leases?protcol=pbx', undefined, 'unknown name "protcol"; did you mean "protocol"?'],
  ['POST', '/verify', { mtch: {} }, 'unknown name "mtch"; did you mean "match"?'],
  [
    'POST',
    '/verify',
    { match: { oprtion: 'x' } },
    'body/match: unknown name "oprtion"; did you mean "operation"?',
  ],
  ['POST', '/faults', { do: { dealy: '1s' } }, 'body/do: unknown name "dealy"; did you mean "delay"?'],
  [
    'POST',
    '/clock',
    { advance: 1, beating: [{ holdr: 'c1' }] },
    'body/beating/0: unknown name "holdr"; did you mean "holder"?',
  ],
  [
    'POST',
    '/faults',
    { match: { protocol: 'sls', operation: 'ConsumerGroupHeartBaet' }, do: { status: 503 } },
    'match.operation: unknown name "ConsumerGroupHeartBaet"; did you mean "ConsumerGroupHeartBeat"? (what the server sends needs "direction":"out")',
  ],
  // Nothing is like it: the names that there are, if they are few.
  ['GET', '/why?tenant=sls/p&zzz=1', undefined, 'unknown name "zzz"; one of tenant, group, holder'],
] as const)(
  '%s %s %j is refused with the nearest name, at any depth',
  async (method, path, payload, error) => {
    const request = { method, url: `/_heartbeatd${path}`, ...(payload === undefined ? {} : { payload }) };
    const reply = await started.app.inject(request);
    expect([reply.statusCode, reply.json()]).toEqual([400, { error }]);
  },
);
