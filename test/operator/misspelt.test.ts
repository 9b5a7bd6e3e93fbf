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
    'match.operation: unknown name "ConsumerGroupHeartBaet"; did you mean "ConsumerGroupHeartBeat"?',
  ],
  [
    'POST',
    '/verify',
    { match: { operation: 'PbxHeartbaet' }, neverFor: '1h' },
    'match.operation: unknown name "PbxHeartbaet"; did you mean "PbxHeartbeat"? (a report of any name is selected with "direction":"out")',
  ],
  [
    'POST',
    '/verify',
    { match: { operation: 'NewCdrr' }, neverFor: '1h' },
    'match.operation: unknown name "NewCdrr"; did you mean "NewCdr"? (a report of any name is selected with "direction":"out")',
  ],
  [
    'POST',
    '/verify',
    { of: 'events', sequence: [{ type: 'lease.*' }, { type: 'lease.expird' }] },
    'sequence.type: unknown name "lease.expird"; did you mean "lease.expired"?',
  ],
  [
    'POST',
    '/verify',
    { of: 'events', match: { type: 'presence.*', tenant: 'sls/x' } },
    'match.type: sls has no "presence.*"',
  ],
  [
    'POST',
    '/verify',
    { match: { type: 'lease.expired' }, times: { exactly: 0 } },
    'match.type: requests have none; assert on events with "of":"events", or read GET /_heartbeatd/events',
  ],
  ['GET', '/journal?operation=Heartbeat&protocol=sls', undefined, 'operation: sls has no "Heartbeat"'],
  [
    'DELETE',
    '/journal?protocol=presence&operation=Subscrib*d',
    undefined,
    'operation: unknown name "Subscrib*d"; did you mean "Subscribe"?',
  ],
  [
    'GET',
    '/events?type=shards.*',
    undefined,
    'type: unknown name "shards.*"; the nearest are shard.assigned, shard.revoked, shard.handover',
  ],
  // No protocol is like it, so that there are no names either.
  ['GET', '/journal?protocol=x*&operation=Foo', undefined, 'operation: unknown name "Foo"'],
  [
    'POST',
    '/faults',
    { match: { type: 'request' }, do: { status: 503 } },
    'match.type: requests have none; assert on events with "of":"events", or read GET /_heartbeatd/events',
  ],
  [
    'POST',
    '/faults',
    { match: { protocol: 'none' }, do: { status: 503 } },
    'match: no rule can fire on what is refused before any protocol sees it',
  ],
  [
    'POST',
    '/faults',
    { match: { operation: 'TLS handshake' }, do: { drop: 'before' } },
    'match: no rule can fire on what is refused before any protocol sees it',
  ],
  [
    'POST',
    '/faults',
    { match: { operation: 'NewCdr' }, do: { status: 503 } },
    'match.operation: "NewCdr" is what the server sends; select it with "direction":"out"',
  ],
  [
    'POST',
    '/verify',
    { of: 'events', match: { type: 'request', answered: true } },
    'match.answered: events have none; select them by type, and by their members as body',
  ],
  [
    'GET',
    '/events?type=fault.fired&operation=Ringing',
    undefined,
    'operation: unknown name "Ringing"; the nearest are RING, Invite, Incoming (a report of any name is selected with "body":{"operation":"Ringing"})',
  ],
  [
    'POST',
    '/clock',
    { advance: 1, until: { type: 'report.deliverd' } },
    'until.type: unknown name "report.deliverd"; did you mean "report.delivered"?',
  ],
  [
    'POST',
    '/clock',
    { advance: 1, beating: [{ operation: 'PbxHeartbeat' }] },
    'beating.operation: leases have none; select them by protocol, tenant, group, holder and body',
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

it.each([
  { operation: 'unknown' },
  { operation: 'Consumer*' },
  { operation: '*', direction: 'out', protocol: 'sls' },
  { operation: 'TLS handshake', protocol: 'none' },
  { operation: 'ConsumerGroupHeartBeat', tenant: 'sls/x' },
  // What the server sends: the usual reports by themselves, and any other by its direction.
  { operation: 'NewCdr' },
  { operation: 'uacstacall' },
  { operation: 'Tranfer', protocol: 'pbx' },
  { operation: 'Homemade', direction: 'out' },
])('%j selects requests', async (match) => {
  const payload = { match, times: { exactly: 0 } };
  const reply = await started.app.inject({ method: 'POST', url: '/_heartbeatd/verify', payload });
  expect([reply.statusCode, reply.json()]).toMatchObject([200, { satisfied: true }]);
});

it.each([
  { type: 'shard.assigned', protocol: 'sls' },
  { type: 'report.*' },
  { type: 'clock.moved', tenant: 'presence/x' },
  { type: 'request', operation: 'NewCdr' },
  { type: 'fault.fired', body: { operation: 'Homemade' } },
  { type: 'gap' },
])('%j selects events', async (match) => {
  const payload = { of: 'events', match, times: { exactly: 0 } };
  const reply = await started.app.inject({ method: 'POST', url: '/_heartbeatd/verify', payload });
  expect([reply.statusCode, reply.json()]).toMatchObject([200, { satisfied: true }]);
});
