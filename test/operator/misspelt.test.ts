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
  ['POST', '/reset', { to: 'sed' }, 'body/to: unknown value "sed"; did you mean "seed"?'],
  [
    'GET',
    '/journal?order=nwest',
    undefined,
    'querystring/order: unknown value "nwest"; did you mean "newest"?',
  ],
  [
    'GET',
    '/journal?protocol=presense',
    undefined,
    'protocol: unknown name "presense"; did you mean "presence"?',
  ],
  ['GET', '/state?tenant=presense/x', undefined, 'tenant: unknown name "presense"; did you mean "presence"?'],
  ['DELETE', '/clock?tenant=sl/x', undefined, 'tenant: unknown name "sl"; did you mean "sls"?'],
  ['POST', '/clock', { tenant: 'pxb/x', advance: 1 }, 'tenant: unknown name "pxb"; did you mean "pbx"?'],
  ['POST', '/reset', { tenant: 'presense/x' }, 'tenant: unknown name "presense"; did you mean "presence"?'],
  [
    'POST',
    '/faults',
    { match: { protocol: 'presense' }, do: { status: 503 } },
    'match.protocol: unknown name "presense"; did you mean "presence"?',
  ],
  [
    'POST',
    '/verify',
    { sequence: [{ tenant: 'sls/x' }, { tenant: 'http/x' }] },
    'sequence.tenant: unknown name "http"; one of sls, pbx, presence',
  ],
  [
    'GET',
    '/state?tenant=demo',
    undefined,
    'tenant: "demo" names no protocol; write it as <protocol>/<name>, with one of sls, pbx, presence',
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
