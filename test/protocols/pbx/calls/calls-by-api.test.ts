/** What a CRM does with calls: click to dial, events, control, and what it asks about them. */
import { describe, expect, it } from 'vitest';
import { failed, type Json, useCrm } from '../crm.ts';

const crm = useCrm();
const { api, operator, answering, openCalls, told, inboundCall } = crm;

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
    await crm.receiver.arrived(8);
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
    await crm.receiver.arrived(reports.length);
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

  it('from an extension to itself is refused', async () => {
    expect(await api('call/dial', { caller: '1000', callee: '1000' })).toEqual(failed('10007'));
    expect(await operator('calls', { from: '1000', to: '1000' })).toEqual({
      error: 'extension 1000 cannot call itself',
    });
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
    expect(await api('call/query', {}, 'v2.0.0')).toEqual({ status: 'Success', Calls: [] });
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

  it('is found by its extension beside one that waits for a decision, and one that rings', async () => {
    await inboundCall(['invite']);
    await inboundCall(['ring']);
    await api('call/dial', { caller: '1000', callee: '1001' });
    await operator('calls', { from: '1002', to: '1003', steps: ['ring', 'answer'] });
    await operator('calls', { from: '5559', to: '1003', steps: ['ring'] });
    expect(await api('extension/hold', { extid: '1003' })).toEqual({ status: 'Success' });
    expect((await openCalls()).filter(({ phase }) => phase === 'held')).toHaveLength(1);
  });

  it('from the outside is accepted or refused by the application that is asked', async () => {
    const first = await inboundCall(['invite']);
    expect(await api('call/accept_inbound', { channelid: first.member.channelid }, 'v2.0.0')).toEqual({
      status: 'Success',
      callid: first.callid,
    });
    await crm.receiver.arrived(7);
    expect(told().slice(0, 4)).toEqual(['Invite', 'Incoming', 'ALERT', 'RING']);
    await api('inbound/hangup', { inboundid: first.member.id });
    const second = await inboundCall(['invite']);
    expect(await api('inbound/refuse', { inboundid: second.member.id })).toMatchObject({ status: 'Success' });
    await expect.poll(() => told().at(-1)).toBe('NewCdr NO ANSWER');
    expect(await openCalls()).toEqual([]);
  });
});
