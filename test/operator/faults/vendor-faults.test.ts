/** Faults reach clients as each vendor's own failure would. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../../start-app.ts';

let started: StartedApp;
beforeEach(async () => {
  started = await startApp({ slsAutoCreate: true });
});
afterEach(() => started.close());

const inject = (fault: object) =>
  started.app.inject({ method: 'POST', url: '/_heartbeatd/faults', payload: fault });
const slsBeat = () =>
  started.app.inject({
    method: 'POST',
    url: '/logstores/logs/consumergroups/cg?type=heartbeat&consumer=c1',
    headers: { host: 'demo.cn-hangzhou.log.aliyuncs.com' },
    payload: '[]',
  });
const presenceBeat = () => started.app.inject('/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann');
const pbxBeat = () => started.app.inject({ method: 'POST', url: '/api/v1.1.0/heartbeat?token=x' });

it.each([
  ['sls', 'ServerBusy', slsBeat, 503, { errorCode: 'ServerBusy' }],
  ['pbx', '20010', pbxBeat, 200, { status: 'Failed', errno: '20010' }],
  ['pbx', 'serviceUnreachable', pbxBeat, 200, { status: 'Failed', errno: '20010' }],
  ['presence', 'unavailable', presenceBeat, 503, { status: 503, service: 'Presence' }],
] as const)(
  '%s: the error %s is rendered in the vendor shape',
  async (protocol, error, beat, status, body) => {
    expect((await inject({ match: { protocol }, do: { error } })).statusCode).toBe(200);
    const reply = await beat();
    expect([reply.statusCode, reply.json()]).toMatchObject([status, body]);
  },
);

it.each([
  ['sls', slsBeat, 503, { errorCode: 'ServerBusy' }],
  ['pbx', pbxBeat, 200, { status: 'Failed', errno: '20010' }],
  ['presence', presenceBeat, 503, { status: 503 }],
] as const)('%s: a store that is away is the vendor server error', async (protocol, beat, status, body) => {
  await inject({ match: { protocol }, do: { store: 'away' } });
  const reply = await beat();
  expect([reply.statusCode, reply.json()]).toMatchObject([status, body]);
});

it('the journal names vendor operations, tenants and holders', async () => {
  await slsBeat();
  await presenceBeat();
  await pbxBeat();
  const { entries } = (await started.app.inject('/_heartbeatd/journal')).json();
  expect(
    entries.map(({ protocol, operation, tenant, holder }: Record<string, unknown>) => [
      protocol,
      operation,
      tenant,
      holder,
    ]),
  ).toEqual([
    ['sls', 'ConsumerGroupHeartBeat', 'sls/demo', 'c1'],
    ['presence', 'Heartbeat', 'presence/demo', 'ann'],
    ['pbx', 'PbxHeartbeat', 'pbx/default', expect.anything()],
  ]);
});
