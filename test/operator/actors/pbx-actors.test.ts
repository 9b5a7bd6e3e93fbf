/** A PBX application meets its twin: an actor that logged in as the same API user. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedHeartbeatd, startHeartbeatd } from '../../../src/start-heartbeatd.ts';
import { type Receiver, startReceiver } from '../../protocols/pbx/receiver.ts';

const tenant = 'pbx/default';
let hb: StartedHeartbeatd;
let receiver: Receiver;
beforeEach(async () => {
  hb = await startHeartbeatd({ settings: { pbxMaxTokens: 2 } });
  await hb.store.freezeClock();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await hb.close();
});

const post = async (path: string, body: object): Promise<Record<string, string>> => {
  const reply = await fetch(`${hb.url}/api/v1.1.0/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await reply.json()) as Record<string, string>;
};
/** Logs in as the application under test, with its own receiver. */
const logIn = async (): Promise<string> => {
  const { token = '' } = await post('login', {
    username: 'crm',
    password: 'x',
    port: receiver.port,
    url: 'r',
  });
  expect(token).not.toBe('');
  return token;
};
const report = (extension: string) =>
  hb.operator.json('POST', '/pbx/events', {
    body: { report: 'ExtensionStatus', extension, status: 'Ringing' },
  });
const clientOf = async (actor: { read(): Promise<{ clients: { [name: string]: unknown }[] }> }) =>
  (await actor.read()).clients[0] ?? {};

const advance = (by: string) =>
  hb.operator.json<{ fired: { holder: string }[]; settled: boolean }>('POST', '/clock', {
    body: { tenant, advance: by },
  });

describe('a PBX application under test', () => {
  it('gets every report beside its twin with the same user, and its token ends alone', async () => {
    const token = await logIn();
    const twin = await hb.actors.start({ tenant, group: 'crm' });
    await report('1001');
    await receiver.arrived(1);
    await expect.poll(async () => (await clientOf(twin)).reports).toBe(1);
    expect(await clientOf(twin)).toMatchObject({
      logins: 1,
      problem: null,
      newest: [expect.objectContaining({ extension: '1001' })],
    });
    // Half an hour without a beat of the application; its twin beats.
    await advance('31m');
    expect(await post(`heartbeat?token=${token}`, {})).toMatchObject({ status: 'Failed' });
    expect(await clientOf(twin)).toMatchObject({ logins: 1, beats: 4, problem: null });
    await report('1002');
    await expect.poll(async () => (await clientOf(twin)).reports).toBe(2);
    expect(receiver.received).toHaveLength(1);
  });

  it('loses its token to a twin that logs in at every beat', async () => {
    const token = await logIn();
    await hb.actors.start({ tenant, group: 'crm', behaviour: 'greedy', every: '1m' });
    expect(await post(`heartbeat?token=${token}`, {})).toEqual({ status: 'Success' });
    await advance('1m');
    expect(await post(`heartbeat?token=${token}`, {})).toMatchObject({ status: 'Failed' });
  });

  it('is not held up by a twin that refuses reports, or that is silent', async () => {
    await logIn();
    const twin = await hb.actors.start({ tenant, group: 'crm', behaviour: 'refusing' });
    for (const [extension, behaviour] of [
      ['1001', 'refusing'],
      ['1002', 'silent'],
    ] as const) {
      await twin.behave({ behaviour });
      await report(extension);
      await hb.waitForEvent({ type: 'report.delivered' }, { within: '10s' });
    }
    await receiver.arrived(2);
    const { reports, reportsByKind } = await clientOf(twin);
    expect(reports).toBeGreaterThanOrEqual(1);
    expect(reportsByKind).toEqual({ ExtensionStatus: reports });
    await twin.behave({ behaviour: 'application' });
    await advance('5m');
    await expect
      .poll(async () => ((await clientOf(twin)).newest as object[])[0])
      .toMatchObject({
        extension: '1002',
      });
  });
});

describe('an actor that is a PBX application', () => {
  it('shows its reports in the journal as its own, and ends its token when it leaves', async () => {
    const twin = await hb.actors.start({ tenant, group: 'crm', name: 'twin' });
    await report('1001');
    await hb.waitForEvent({ type: 'report.delivered' }, { within: '10s' });
    const { entries } = await hb.journal.read({ tenant });
    expect(entries.map(({ direction, operation, actor }) => [direction, operation, actor])).toEqual([
      ['in', 'PbxLogin', twin.id],
      ['out', 'ExtensionStatus', twin.id],
    ]);
    await twin.leave();
    const leases: unknown[] = [];
    for await (const lease of hb.leases.list({ tenant })) leases.push(lease);
    expect(leases).toEqual([]);
  });
});
