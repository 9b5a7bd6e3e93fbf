/** What a CRM does with calls: click to dial, events, control, and what it asks about them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unsupportedCalls } from '../../../../src/protocols/pbx/api/unsupported.ts';
import { type StartedApp, startApp } from '../../../start-app.ts';
import { type Receiver, startReceiver } from '../receiver.ts';

const minutes = 60_000;
let started: StartedApp;
let receiver: Receiver;
let token: string;
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock();
  receiver = await startReceiver();
  const body = { username: 'api', password: 'x', port: receiver.port, version: '1.0.2' };
  ({ token } = (await inject('POST', '/api/v1.1.0/login', body)) as { token: string });
});
afterEach(async () => {
  await receiver.close();
  await started.close();
});

type Json = Record<string, unknown>;
const inject = async (method: 'GET' | 'POST' | 'PUT', url: string, payload: object = {}): Promise<Json> =>
  (await started.app.inject(method === 'GET' ? { url } : { method, url, payload })).json();
const api = (endpoint: string, body: object = {}, version = 'v1.1.0') =>
  inject('POST', `/api/${version}/${endpoint}?token=${token}`, body);
const operator = (path: string, body: object = {}) => inject('POST', `/_heartbeatd/pbx/${path}`, body);
const answering = (number: string, does: string) =>
  inject('PUT', `/_heartbeatd/pbx/answering/${number}`, { does });
const openCalls = async () => (await inject('GET', '/_heartbeatd/pbx/calls')).calls as Json[];
const failed = (errno: string) => ({ status: 'Failed', errno });
const told = (): string[] =>
  receiver.bodies().map((body) => {
    const { action, extension, status } = JSON.parse(body);
    return [action, extension, status].filter(Boolean).join(' ');
  });
const inboundCall = async (steps: unknown[], change: object = {}) => {
  const { callid } = await operator('calls', { from: '5551234', to: '1000', steps, ...change });
  const [call] = await openCalls();
  return { callid, member: call?.caller as { id: string; channelid: string } };
};

describe('a call that is dialled', () => {
  it.each([
    ['extension/dial_extension', { caller: '1000', callee: '1001', autoanswer: 'no' }, 'Internal'],
    ['extension/dial_outbound', { extid: '1000', outto: '5551234' }, 'Outbound'],
    ['outbound/dial_outbound', { caller: '5551', outto: '5552', fromext: 1000 }, 'Callback'],
    ['call/dial', { caller: '1000', callee: '1001' }, 'Internal'],
    ['call/dial', { caller: '1000', callee: '5551234', dialpermission: '1000' }, 'Outbound'],
  ])("by %s %j is answered, has an id, and is shown as the API's", async (endpoint, body, type) => {
    const { status, callid } = await api(endpoint, body);
    expect([status, callid]).toEqual(['Success', expect.stringMatching(/^\d+\.\d+$/)]);
    expect(await openCalls()).toMatchObject([{ callid, type, phase: 'answered', startedBy: 'api' }]);
  });

  it("rings at the caller's own telephone first, and then at the other", async () => {
    await api('extension/dial_extension', { caller: '1000', callee: '1001' });
    await receiver.arrived(8);
    expect(told()).toEqual([
      'ExtensionStatus 1000 Ringing',
      'ALERT',
      'RING',
      'ExtensionStatus 1000 Busy',
      'ExtensionStatus 1001 Ringing',
      'ANSWER',
      'ANSWERED',
      'ExtensionStatus 1001 Busy',
    ]);
  });

  it.each([
    [
      'busy',
      ['ExtensionStatus 1000 Ringing', 'CallFailed', 'ExtensionStatus 1000 Registered', 'NewCdr BUSY'],
    ],
    [
      'unreachable',
      ['ExtensionStatus 1000 Ringing', 'CallFailed', 'ExtensionStatus 1000 Registered', 'NewCdr FAILED'],
    ],
  ])('to a number that is %s fails, as reports tell', async (does, reports) => {
    await answering('1001', does);
    expect(await api('call/dial', { caller: '1000', callee: '1001' })).toMatchObject({ status: 'Success' });
    await receiver.arrived(reports.length);
    expect(told()).toEqual(reports);
    expect(await openCalls()).toEqual([]);
  });

  it('that nobody answers ends, or rings on, as the operator says', async () => {
    await answering('5551234', 'noAnswer');
    await api('extension/dial_outbound', { extid: '1000', outto: '5551234' });
    await expect.poll(() => told().at(-1)).toBe('NewCdr NO ANSWER');
    await answering('5551234', 'ring');
    const { callid } = await api('extension/dial_outbound', { extid: '1000', outto: '5551234' });
    expect(await openCalls()).toMatchObject([{ callid, phase: 'ringing' }]);
    await operator(`calls/${callid}`, { steps: ['answer'] });
    expect(await openCalls()).toMatchObject([{ callid, phase: 'answered' }]);
  });

  it('to a telephone that talks is busy', async () => {
    await api('call/dial', { caller: '1000', callee: '1001' });
    await api('call/dial', { caller: '1002', callee: '1001' });
    await expect.poll(told).toContain('NewCdr BUSY');
    expect(await openCalls()).toHaveLength(1);
  });

  it.each([
    ['extension/dial_extension', { caller: '1000' }, '10004'],
    ['extension/dial_extension', { caller: '9', callee: '1001' }, '10006'],
    ['extension/dial_extension', { caller: '1000', callee: '9' }, '10006'],
    ['extension/dial_outbound', { extid: '9', outto: '5551234' }, '10006'],
    ['outbound/dial_outbound', { caller: '5551', outto: '5552' }, '10004'],
    ['call/dial', { caller: '9', callee: '1001' }, '10006'],
    ['call/dial', { caller: '1000', callee: '1'.repeat(65) }, '10004'],
  ])('by %s %j is refused', async (endpoint, body, errno) => {
    expect(await api(endpoint, body)).toEqual(failed(errno));
    expect(await openCalls()).toEqual([]);
  });
});

describe('a call under way', () => {
  it('is held, resumed and hung up by its extension', async () => {
    await api('extension/dial_extension', { caller: '1000', callee: '1001' });
    expect(await api('extension/hold', { extid: 1001 })).toEqual({ status: 'Success' });
    expect(await openCalls()).toMatchObject([{ phase: 'held', heldBy: 'callee' }]);
    expect(await api('extension/unhold', { extid: '1001' })).toEqual({ status: 'Success' });
    expect(await api('extension/hangup', { extid: '1001' })).toEqual({ status: 'Success' });
    expect(await api('extension/hangup', { extid: '1001' })).toEqual(failed('10007'));
    expect(await api('extension/hangup', { extid: '9' })).toEqual(failed('10006'));
    await expect.poll(() => told().at(-1)).toBe('NewCdr ANSWERED');
  });

  it('is held, resumed and hung up by the channel of a member, as its query shows it', async () => {
    const { callid } = await api('call/dial', { caller: '1000', callee: '1001' }, 'v2.0.0');
    const members = async () => {
      const { calllist } = await api('extension/query_call', { number: '1001' }, 'v2.0.0');
      const [{ number, numbercalls }] = calllist as [{ number: string; numbercalls: [{ members: Json[] }] }];
      expect([number, numbercalls.length]).toEqual(['1001', 1]);
      return numbercalls[0].members as [
        { ext: { channelid: string; memberstatus: string } },
        { ext: { channelid: string; memberstatus: string } },
      ];
    };
    const [caller, callee] = await members();
    expect([caller.ext.memberstatus, callee.ext.memberstatus]).toEqual(['ANSWERED', 'ANSWER']);
    const { channelid } = callee.ext;
    expect(await api('call/hold', { channelid }, 'v2.0.0')).toEqual({ status: 'Success', callid });
    expect((await members()).map(({ ext }) => ext.memberstatus)).toEqual(['ANSWERED', 'HOLD']);
    expect(await api('call/hold', { channelid }, 'v2.0.0')).toEqual(failed('10007'));
    expect(await api('call/unhold', { channelid }, 'v2.0.0')).toEqual({ status: 'Success', callid });
    expect(await api('call/hangup', { channelid }, 'v2.0.0')).toEqual({ status: 'Success', callid });
    expect(await api('call/query', {}, 'v2.0.0')).toEqual({ status: 'Success', calllist: [] });
    expect(await api('call/query', { callid }, 'v2.0.0')).toEqual(failed('10007'));
    expect(await api('extension/query_call', { number: '9' }, 'v2.0.0')).toEqual(failed('10006'));
  });

  it('is transferred without a report, by each of the calls for that', async () => {
    const { callid, member } = await inboundCall(['ring', 'answer']);
    const transfers: [string, object][] = [
      ['inbound/transfer_number', { inboundid: member.id, number: '1001', fromext: '' }],
      ['calltransfer', { callid, transferor: '1001', transferto: '1002' }],
    ];
    for (const [endpoint, body] of transfers)
      expect(await api(endpoint, body), endpoint).toEqual({ status: 'Success', callid });
    const [call] = (await openCalls()) as [{ callee: { number: string; channelid: string } }];
    expect(call.callee.number).toBe('1002');
    const { channelid } = call.callee;
    expect(await api('call/transfer', { channelid, number: '1000' })).toEqual({ status: 'Success', callid });
    expect(await api('call/transfer', { channelid, number: '1000' })).toEqual(failed('10007'));
    expect(await api('inbound/transfer_number', { inboundid: member.id, number: '9' })).toEqual(
      failed('10006'),
    );
    expect(await api('inbound/hangup', { inboundid: member.id })).toEqual({ status: 'Success', callid });
    await expect.poll(() => told().at(-1)).toBe('NewCdr ANSWERED');
    expect(told()).not.toContain('Tranfer');
  });

  it('from the outside is accepted or refused by the application that is asked', async () => {
    const first = await inboundCall(['invite']);
    expect(await api('call/accept_inbound', { channelid: first.member.channelid }, 'v2.0.0')).toEqual({
      status: 'Success',
      callid: first.callid,
    });
    await receiver.arrived(7);
    expect(told().slice(0, 4)).toEqual(['Invite', 'Incoming', 'ALERT', 'RING']);
    await api('inbound/hangup', { inboundid: first.member.id });
    const second = await inboundCall(['invite']);
    expect(await api('inbound/refuse', { inboundid: second.member.id })).toMatchObject({ status: 'Success' });
    await expect.poll(() => told().at(-1)).toBe('NewCdr NO ANSWER');
    expect(await openCalls()).toEqual([]);
  });
});

describe('the model', () => {
  it('lists trunks for v2, and changes extensions as the API says, with a report', async () => {
    const trunks = { trunklist: [{ trunkname: 'SIP-1', type: 'SIP' }, { trunkname: 'FXO1-1' }] };
    expect(await api('trunk/list', {}, 'v2.0.0')).toMatchObject(trunks);
    expect(await api('extension/update', { number: '1000', username: 'Zoe', email: 'z' }, 'v2.0.0')).toEqual({
      status: 'Success',
    });
    await receiver.arrived(1);
    expect(receiver.bodies()[0]).toContain('"action":"ConfigChange","type":"extension","extid":"1000"');
    expect(await api('extension/query', { extid: '1000' })).toMatchObject({
      extinfos: [{ username: 'Zoe' }],
    });
    expect(await api('extension/update', { extid: '9' })).toEqual(failed('10006'));
    expect(await api('extension/update', { username: 'x' })).toEqual(failed('10004'));
  });
});

describe('a call that is not supported', () => {
  it.each(['companycontacts/query', 'queue/query', 'call/attended_transfer', 'no/such_call'])(
    'renews the token, and reports one that is not live: %s',
    async (endpoint) => {
      await started.store.advanceClock(29 * minutes);
      expect(await api(endpoint)).toEqual(failed('10003'));
      await started.store.advanceClock(29 * minutes);
      expect(await api(endpoint)).toEqual(failed('10003'));
      await started.store.advanceClock(30 * minutes);
      expect(await api(endpoint)).toEqual(failed('20004'));
    },
  );

  it('needs a token if it is documented', async () => {
    expect(await inject('POST', '/api/v2.0.0/queue/query/')).toEqual(failed('20005'));
    expect(await inject('POST', '/api/v2.0.0/no/such_call')).toEqual(failed('10003'));
    expect(await inject('GET', '/api/x/queue/query?token=1')).toEqual(failed('10003'));
  });

  it('is in the table only as long as it is not supported', async () => {
    for (const endpoint of unsupportedCalls) expect(await api(endpoint), endpoint).toEqual(failed('10003'));
  });
});
