/** What a CRM asks about queues, trunks, routes and extensions, and changes of them. */
import { describe, expect, it } from 'vitest';
import { failed, type Json, useCrm } from '../crm.ts';

const crm = useCrm();
const { api, operator, openCalls, inboundCall, answering } = crm;

describe('a queue or a ring group', () => {
  const statusOf = async () => {
    const { queues } = await api('queuestatus/query', { queueid: '6700' });
    const [{ queuestatus }] = queues as [{ queuestatus: [{ callercount: string; members: Json[] }] }];
    return [queuestatus[0].callercount, ...queuestatus[0].members.map(({ agentstatus }) => agentstatus)];
  };

  it('shows its settings to v1.1.0 and to v2.0.0', async () => {
    const settings = {
      queues: [{ queuenumber: '6700', number: '6700', name: 'Support', agents: '1000,1001,' }],
    };
    expect(await api('queue/query', { number: 'all' }, 'v2.0.0')).toMatchObject(settings);
    expect(await api('queue/query', { queueid: '6700' })).toMatchObject(settings);
    expect(await api('queue/query', { queueid: '1' })).toEqual(failed('10013'));
    // A client asks for the agents of a queue as it got them.
    expect((await api('extension/query', { number: '1000,1001,' }, 'v2.0.0')).extinfos).toHaveLength(2);
  });

  it('shows who waits, and what its agents do', async () => {
    expect(await statusOf()).toEqual(['0', '1', '1']);
    await crm.inject('PUT', '/_heartbeatd/pbx/extensions/1001', { status: 'Unregistered' });
    expect(await statusOf()).toEqual(['0', '1', '5']);
    await crm.inject('PUT', '/_heartbeatd/pbx/extensions/1001', { status: 'Registered' });
    const { callid } = await inboundCall(['queue'], { to: '6700' });
    expect(await api('inbound/query')).toMatchObject({
      inbound: [{ status: 'Wait', callee: [{ queueid: '6700' }] }],
    });
    expect(await api('call/query', { type: 'inbound' }, 'v2.0.0')).toMatchObject({
      Calls: [{ callid, members: [{ inbound: { memberstatus: 'ANSWERED', callpath: '6700' } }] }],
    });
    expect(await api('call/query', { type: 'outbound' }, 'v2.0.0')).toEqual({ status: 'Success', Calls: [] });
    expect(await statusOf()).toEqual(['1', '1', '1']);
    await operator(`calls/${callid}`, { steps: ['ring'] });
    expect(await statusOf()).toEqual(['0', '6', '1']);
    await operator(`calls/${callid}`, { steps: ['answer'] });
    expect(await statusOf()).toEqual(['0', '2', '1']);
    expect(await api('queue/query_status', { number: '6700' }, 'v2.0.0')).toMatchObject({
      queues: [{ number: '6700', queuestatus: [{ callercount: '0' }] }],
    });
    expect(await api('queuestatus/query')).toMatchObject({ queues: [{ queuenumber: '6700' }] });
    expect(await api('queuestatus/query', { queueid: '9' })).toEqual(failed('10013'));
  });

  it('does not ring an agent who takes a pause', async () => {
    const pause = (call: string, body: object = { queueid: '6700', extid: '1000' }) =>
      api(`queue/${call}`, body);
    expect(await pause('pause_agent')).toEqual({ status: 'Success' });
    expect(await pause('pause_agent')).toEqual({ status: 'Success' });
    expect(await statusOf()).toEqual(['0', '9', '1']);
    const { callid } = await inboundCall(['queue', 'ring'], { to: '6700' });
    expect(await openCalls()).toMatchObject([{ callid, callee: { number: '1001' } }]);
    expect(await pause('unpause_agent')).toEqual({ status: 'Success' });
    expect(await statusOf()).toEqual(['0', '1', '6']);
    expect(await pause('pause_agent', { queueid: '1', extid: '1000' })).toEqual(failed('10013'));
    expect(await pause('pause_agent', { queueid: '6700', extid: '1003' })).toEqual(failed('10006'));
    expect(await pause('pause_agent', { queueid: '6700' })).toEqual(failed('10004'));
  });

  it('that the API dials rings at its first free agent, or keeps the caller waiting', async () => {
    const dial = () => api('call/dial', { caller: '1002', callee: '6700' }, 'v2.0.0');
    await answering('1000', 'busy');
    await answering('1001', 'ring');
    await dial();
    expect(await openCalls()).toMatchObject([{ phase: 'ringing', callee: { number: '1001' } }]);
    await api('extension/hangup', { extid: '1002' });
    await answering('1001', 'noAnswer');
    await dial();
    expect(await openCalls()).toMatchObject([{ type: 'Internal', phase: 'service' }]);
  });

  it('whose extensions are all taken ends the call, if it is a ring group', async () => {
    await answering('1002', 'unreachable');
    await api('call/dial', { caller: '1000', callee: '6200' }, 'v2.0.0');
    expect(await openCalls()).toMatchObject([{ phase: 'answered', callee: { number: '1001' } }]);
    await api('call/dial', { caller: '1003', callee: '6200' }, 'v2.0.0');
    expect(await openCalls()).toHaveLength(1);
  });
});

describe('the model', () => {
  it('shows SIP trunks and inbound routes by name for v1.1.0, and by id for v2.0.0', async () => {
    const trunk = { trunks: [{ id: '1', trunkname: 'SIP-1', trunktype: 'peer' }] };
    expect(await api('siptrunk/query', { trunkname: 'all' })).toMatchObject(trunk);
    expect(await api('siptrunk/query', { trunkname: 'SIP-1' })).toMatchObject(trunk);
    expect(await api('trunk/query_siptrunk', { id: '1' }, 'v2.0.0')).toMatchObject(trunk);
    expect(await api('siptrunk/query', { trunkname: 'FXO1-1' })).toEqual({ status: 'Success', trunks: [] });
    expect(await api('siptrunk/query', { trunkname: '' })).toEqual(failed('10004'));
    const route = { inroutes: [{ id: '1', name: 'Welcome', desttype: 'ivr', dest: '6500' }] };
    expect(await api('inroute/query', { name: 'all' })).toMatchObject(route);
    expect(await api('inroute/query', { id: '1' }, 'v2.0.0')).toMatchObject(route);
    expect(await api('inroute/query', { id: '10' }, 'v2.0.0')).toEqual({ status: 'Success', inroutes: [] });
  });

  it('gets and loses extensions as the API says, with a report of each', async () => {
    const added = { number: '99', username: 'New', registername: '99', registerpassword: 'v0S*ZrB6Y3g~1-oe' };
    expect(await api('extension/add', added, 'v2.0.0')).toEqual({ status: 'Success' });
    expect(await api('extension/add', added, 'v2.0.0')).toEqual(failed('10085'));
    expect(await api('extension/add', { number: '6500' }, 'v2.0.0')).toEqual(failed('10085'));
    expect(await api('extension/add', { number: '98', username: 'x'.repeat(300) })).toEqual(failed('10017'));
    expect(await api('extension/query', { number: '99' })).toMatchObject({ extinfos: [{ username: 'New' }] });
    expect(await api('extension/delete', { number: '99,97' }, 'v2.0.0')).toEqual(failed('10006'));
    expect(await api('extension/delete', { number: '99' }, 'v2.0.0')).toEqual({ status: 'Success' });
    expect(await api('extension/delete', { number: 'all' }, 'v2.0.0')).toEqual(failed('10006'));
    await crm.receiver.arrived(2);
    const reports = crm.receiver.bodies().map((body) => JSON.parse(body));
    expect(reports).toMatchObject([
      { action: 'ConfigChange', type: 'extension', extid: '99', operation: 'add' },
      { action: 'ConfigChange', type: 'extension', extid: '99', operation: 'del' },
    ]);
  });

  it('lists trunks for v2, and changes extensions as the API says, with a report', async () => {
    const trunks = { trunklist: [{ trunkname: 'SIP-1', type: 'SIP' }, { trunkname: 'FXO1-1' }] };
    expect(await api('trunk/list', {}, 'v2.0.0')).toMatchObject(trunks);
    expect(await api('extension/update', { number: '1000', username: 'Zoe', email: 'z' }, 'v2.0.0')).toEqual({
      status: 'Success',
    });
    await crm.receiver.arrived(1);
    expect(crm.receiver.bodies()[0]).toContain('"action":"ConfigChange","type":"extension","extid":"1000"');
    expect(await api('extension/query', { extid: '1000' })).toMatchObject({
      extinfos: [{ username: 'Zoe' }],
    });
    expect(await api('extension/update', { extid: '9' })).toEqual(failed('10006'));
    expect(await api('extension/update', { username: 'x' })).toEqual(failed('10004'));
  });
});
