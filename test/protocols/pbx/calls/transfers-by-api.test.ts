/** Calls that the API transfers: to whom, and after asking first. */
import { describe, expect, it } from 'vitest';
import { failed, type Json, useCrm } from '../crm.ts';

const crm = useCrm();
const { api, answering, openCalls, told, inboundCall } = crm;

describe('a call that is transferred by the API', () => {
  const dialled = async () => {
    const { callid } = await api('call/dial', { caller: '1000', callee: '1001' }, 'v2.0.0');
    const [call] = (await openCalls()) as [{ caller: { channelid: string }; callee: { channelid: string } }];
    return { callid, channelid: call.callee.channelid, other: call.caller.channelid };
  };
  const ends = async () => {
    const [call] = (await openCalls()) as [Record<'caller' | 'callee' | 'third', Json | undefined>];
    const name = (end: Json | undefined) => end?.to ?? end?.number;
    return [name(call.caller), name(call.callee), name(call.third)];
  };

  it('to an outside number needs an extension that lends its permission', async () => {
    const { callid, channelid } = await dialled();
    const outside = { channelid, number: '5551234' };
    expect(await api('call/transfer', outside)).toEqual(failed('10006'));
    expect(await api('call/transfer', { ...outside, dialpermission: '9' })).toEqual(failed('10006'));
    expect(await api('call/transfer', { ...outside, dialpermission: '1001' })).toEqual({
      status: 'Success',
      callid,
    });
    expect(await ends()).toEqual(['1000', '5551234', undefined]);
    expect(await api('outbound/query')).toMatchObject({ outbound: [{ to: '5551234', status: 'Talking' }] });
  });

  it.each([
    ['extension', { extid: '1002' }, { extid: '9' }, '10006'],
    ['outbound', { outto: '5552', fromext: '1000' }, { outto: '5552', fromext: '9' }, '10006'],
    ['ivr', { ivrid: '6500' }, { ivrid: '6700' }, '10012'],
    ['queue', { queueid: '6700' }, { queueid: '6500' }, '10013'],
    ['ringgroup', { ringgroupid: '6200' }, { ringgroupid: '1' }, '10014'],
  ])('to an %s is connected to %j, and not to %j', async (target, wanted, unknown, errno) => {
    const { callid, member } = await inboundCall(['ring', 'answer']);
    const transfer = (body: object) =>
      api(`inbound/transfer_${target}`, { inboundid: member.id, ...body }, 'v1.0.1');
    expect(await transfer(unknown)).toEqual(failed(errno));
    expect(await transfer({})).toEqual(failed('10004'));
    expect(await transfer(wanted)).toEqual({ status: 'Success', callid });
    expect((await ends())[1]).toBe(Object.values(wanted)[0]);
    await api('inbound/hangup', { inboundid: member.id });
    await expect
      .poll(() => crm.receiver.bodies().find((body) => body.includes('"NewCdr"')))
      .toContain('"srctrunkname":"SIP-1"');
  });

  it('by the extension that dialled out, to an IVR, still has the trunk in its record', async () => {
    const { callid } = await api('call/dial', { caller: '1000', callee: '5551234' });
    await api('calltransfer', { callid, transferor: '1000', transferto: '6500' });
    const { outbound } = await api('outbound/query');
    const [{ outboundid }] = outbound as [{ outboundid: string }];
    expect(await api('outbound/hangup', { outboundid })).toEqual({ status: 'Success', callid });
    await expect
      .poll(() => crm.receiver.bodies().find((body) => body.includes('"NewCdr"')))
      .toContain('"desttrunkname":"SIP-1"');
  });

  it('and asked first, is completed with the target, and the extension that asked is free', async () => {
    const { callid, channelid } = await dialled();
    const attended = { channelid, tonumber: '1002' };
    expect(await api('call/attended_transfer', attended, 'v2.0.0')).toEqual({ status: 'Success', callid });
    expect(await openCalls()).toMatchObject([{ phase: 'consulting' }]);
    expect(await api('call/attended_transfer_operate', { channelid, operate: 'complete' })).toEqual({
      status: 'Success',
      callid,
    });
    expect(await ends()).toEqual(['1000', '1002', undefined]);
    expect(await api('extension/query', { extid: '1001' })).toMatchObject({
      extinfos: [{ status: 'Registered' }],
    });
    await api('call/hangup', { channelid: (await dialledEnds())[0] });
    await expect.poll(() => told().at(-1)).toBe('NewCdr ANSWERED');
    expect(told()).not.toContain('Tranfer');
  });
  const dialledEnds = async () => {
    const [call] = (await openCalls()) as [{ caller: { channelid: string } }];
    return [call.caller.channelid];
  };

  it('and asked first, is taken back, swapped or shared', async () => {
    const { channelid, other } = await dialled();
    const attended = () => api('call/attended_transfer', { channelid, tonumber: '1002' });
    const operate = (operation: string, by = channelid) =>
      api('call/attended_transfer_operate', { channelid: by, operate: operation });
    expect(await operate('abort')).toEqual(failed('10007'));
    await attended();
    const states = async () =>
      ((await api('call/query', {}, 'v2.0.0')).Calls as { members: { ext: Json }[] }[]).map(({ members }) =>
        members.map(({ ext }) => `${ext.number} ${ext.memberstatus}`),
      );
    expect(await states()).toEqual([
      ['1000 HOLD', '1001 ANSWER'],
      ['1001 ANSWERED', '1002 ANSWER'],
    ]);
    expect(await operate('sing')).toEqual(failed('10004'));
    expect(await operate('swap')).toMatchObject({ status: 'Success' });
    expect(await openCalls()).toMatchObject([{ consultation: { talksTo: 'other' } }]);
    expect(await states()).toEqual([
      ['1000 ANSWERED', '1001 ANSWER'],
      ['1001 ANSWERED', '1002 HOLD'],
    ]);
    await operate('swap');
    expect(await openCalls()).toMatchObject([{ consultation: { talksTo: 'target' } }]);
    expect(await operate('abort', other)).toMatchObject({ status: 'Success' });
    expect(await ends()).toEqual(['1000', '1001', undefined]);
    await attended();
    await operate('threeway');
    expect(await ends()).toEqual(['1000', '1001', '1002']);
    expect(await api('extension/query_call', { number: '1002' })).toMatchObject({
      calllist: [{ number: '1002', numbercalls: [{ members: [{}, {}, { ext: { number: '1002' } }] }] }],
    });
    await api('call/hangup', { channelid });
    expect(await openCalls()).toEqual([]);
    expect(await api('extension/query', { extid: '1002' })).toMatchObject({
      extinfos: [{ status: 'Registered' }],
    });
  });

  it('to a telephone that does not pick up is refused, and goes on as before', async () => {
    const { channelid } = await dialled();
    await answering('1002', 'busy');
    const attended = { channelid, tonumber: '1002' };
    expect(await api('call/attended_transfer', attended)).toEqual(failed('10008'));
    await api('call/dial', { caller: '1003', callee: '5551234' });
    expect(await api('call/attended_transfer', { channelid, tonumber: '1003' })).toEqual(failed('10008'));
    expect((await openCalls()).map(({ phase }) => phase)).toEqual(['answered', 'answered']);
  });
});
