/** Played calls, and the extensions and trunks that an operator adds, changes and deletes. */
import { describe, expect, it } from 'vitest';
import { atMs, playFixture, root } from './player.ts';

const fixture = playFixture();
const { call, post, login, query, told, names } = fixture;

describe('a played call', () => {
  it('rings, is answered and ends in reports of v1 with one id', async () => {
    await login('v1.1.0', { version: '1.0.2' });
    const { code, body } = await post(`${root}/calls`, { from: '1000', to: '1001', talkSeconds: 3 });
    expect(code).toBe(201);
    expect(body).toMatchObject({ open: false, reports: 12 });
    await fixture.receiver.arrived(12);
    expect(names()).toEqual([
      'ALERT',
      'RING',
      'ExtensionStatus 1000 Busy',
      'ExtensionStatus 1001 Ringing',
      'ANSWER',
      'ANSWERED',
      'ExtensionStatus 1001 Busy',
      'BYE',
      'BYE',
      'ExtensionStatus 1000 Registered',
      'ExtensionStatus 1001 Registered',
      'NewCdr ANSWERED',
    ]);
    const ids = told().flatMap(({ callid }) => (callid === undefined ? [] : [callid]));
    expect(new Set(ids)).toEqual(new Set([body.callid]));
    expect(body.callid).toMatch(new RegExp(`^${atMs / 1_000}\\.\\d+$`));
    expect(told().at(-1)).toEqual({
      action: 'NewCdr',
      callid: body.callid,
      timestart: '2019-01-13 23:09:02',
      callfrom: '1000',
      callto: '1001',
      callduraction: '6',
      talkduraction: '3',
      status: 'ANSWERED',
      type: 'Internal',
      sn: '369350000001',
    });
  });

  it('is reported to an application of v2 as the states of its members', async () => {
    await login('v2.0.0', { version: '2.0.0' });
    const steps = ['ring', 'answer', 'hold', 'resume', { step: 'hangup', by: 'callee' }];
    await post(`${root}/calls`, { from: '1000', to: '1001', steps });
    await fixture.receiver.arrived(11);
    expect(names().filter((name) => !name.startsWith('ExtensionStatus'))).toEqual([
      'CallStatus ALERT RING',
      'CallStatus ANSWERED ANSWER',
      'CallStatus HOLD ANSWER',
      'CallStatus ANSWERED ANSWER',
      'CallStatus BYE BYE',
      'NewCdr ANSWERED',
    ]);
  });

  it('continues step by step, and changes the states of extensions in queries', async () => {
    const token = await login('v1.1.0');
    const status = async (number: string) =>
      (await query(token, 'extension/query', { extid: number })).extinfos[0].status;
    const { body } = await post(`${root}/calls`, { from: '1000', to: '1001', steps: ['ring'] });
    expect([await status('1000'), await status('1001')]).toEqual(['Busy', 'Ringing']);
    const next = (...steps: unknown[]) => post(`${root}/calls/${body.callid}`, { steps });
    expect((await next('answer', 'hold')).body).toMatchObject({ open: true });
    expect(await status('1000')).toBe('Hold');
    expect((await next({ step: 'transfer', to: '1002' })).body).toMatchObject({ open: true });
    expect([await status('1001'), await status('1002')]).toEqual(['Registered', 'Busy']);
    expect((await call('GET', `${root}/calls`)).body.calls).toMatchObject([{ callid: body.callid }]);
    expect((await next('hangup')).body).toMatchObject({ open: false });
    expect([await status('1000'), await status('1002')]).toEqual(['Registered', 'Registered']);
    expect((await next('hangup')).code).toBe(404);
    await expect
      .poll(() => told().at(-1))
      .toMatchObject({ callfrom: '1000', callto: '1002', type: 'Transfer' });
    expect(names()).toContain('Tranfer');
  });

  it('arrives on a trunk if inbound, and leaves by one if outbound', async () => {
    await login('v1.1.0', { version: '1.0.2' });
    await post(`${root}/calls`, { from: '5551234', to: '1003', steps: ['ring', 'hangup'] });
    await fixture.receiver.arrived(8);
    expect(names()).toEqual([
      'ALERT',
      'RING',
      'ExtensionStatus 1003 Ringing',
      'CallFailed',
      'BYE',
      'BYE',
      'ExtensionStatus 1003 Idle',
      'NewCdr NO ANSWER',
    ]);
    expect(told()[0]).toMatchObject({ call: [{ inbound: { from: '5551234', to: '1003', trunk: 'SIP-1' } }] });
    expect(told()[7]).toMatchObject({ type: 'Inbound', talkduraction: '0', srctrunkname: 'SIP-1' });
    await post(`${root}/calls`, {
      from: '1000',
      to: '5551234',
      trunk: 'FXO1-1',
      steps: ['ring', { step: 'fail', reason: 'User busy' }],
    });
    await fixture.receiver.arrived(14);
    expect(names().slice(8)).toEqual([
      'ALERT',
      'RING',
      'ExtensionStatus 1000 Busy',
      'CallFailed',
      'ExtensionStatus 1000 Registered',
      'NewCdr BUSY',
    ]);
    expect(told()[13]).toMatchObject({ type: 'Outbound', desttrunkname: 'FXO1-1', status: 'BUSY' });
  });

  it('reports pressed keys', async () => {
    await login('v1.1.0', { version: '1.0.2' });
    const key = (pressed: string) => ({ step: 'dtmf', key: pressed });
    await post(`${root}/calls`, { from: '1000', to: '1001', steps: ['ring', 'answer', key('1'), key('#')] });
    await fixture.receiver.arrived(9);
    expect(told().slice(-2)).toMatchObject([
      { action: 'DTMF', info: '1', flag: '0', infos: '1' },
      { action: 'DTMF', info: '#', flag: '1', infos: '1#' },
    ]);
  });

  it.each([
    ['nobody it knows', { from: '1', to: '2' }, 400, 'neither 1 nor 2 is an extension'],
    ['an unknown trunk', { from: '1000', to: '2', trunk: 'x' }, 400, 'trunk x does not exist'],
    [
      'a step that cannot follow',
      { from: '1000', to: '1001', steps: ['answer'] },
      409,
      'step "answer" is not possible while the call is new',
    ],
    ['a step after the end', { from: '1000', to: '1001', steps: ['ring', 'hangup', 'ring'] }, 400, 'over'],
    ['no step', { from: '1000', to: '1001', steps: ['sing'] }, 400, '"sing" is not a step'],
    ['something else', { from: '1000', to: '1001', colour: 'red' }, 400, 'unknown name "colour"'],
  ])('is refused with %s', async (_what, body, code, words) => {
    const answer = await post(`${root}/calls`, body);
    expect(answer.code).toBe(code);
    expect(answer.body.error).toContain(words);
  });
});

describe('extensions and trunks', () => {
  it('that are added, changed and deleted are reported, and returned by queries', async () => {
    const token = await login('v1.1.0');
    expect((await call('PUT', `${root}/extensions/1010`, { username: 'Dora' })).code).toBe(200);
    await call('PUT', `${root}/extensions/1010`, { username: 'Eve' });
    await call('PUT', `${root}/extensions/1010`, { status: 'Unregistered' });
    expect((await query(token, 'extensionlist/query')).extlist.at(-1)).toEqual({
      extnumber: '1010',
      status: 'Unregistered',
      type: 'SIP',
      username: 'Eve',
      agentid: '',
    });
    await call('DELETE', `${root}/extensions/1010`);
    await call('PUT', `${root}/trunks/SIP-1`, { status: 'Unreachable' });
    await call('PUT', `${root}/trunks/SIP-9`, { type: 'SIP' });
    await call('DELETE', `${root}/trunks/SIP-9`);
    await fixture.receiver.arrived(7);
    expect(fixture.receiver.bodies()).toEqual([
      '{"action":"ConfigChange","type":"extension","extid":"1010","operation":"add"}',
      '{"action":"ConfigChange","type":"extension","extid":"1010","operation":"update"}',
      '{"action":"ExtensionStatus","extension":"1010","status":"Unregistered"}',
      '{"action":"ConfigChange","type":"extension","extid":"1010","operation":"del"}',
      '{"action":"TrunkStatus","trunkname":"SIP-1","status":"Unreachable"}',
      '{"action":"ConfigChange","type":"trunk","trunkname":"SIP-9","operation":"add"}',
      '{"action":"ConfigChange","type":"trunk","trunkname":"SIP-9","operation":"del"}',
    ]);
    expect((await query(token, 'extension/query', { extid: '1010' })).errno).toBe('10006');
    expect((await query(token, 'trunklist/query')).trunklist[0]).toEqual({
      trunkname: 'SIP-1',
      status: 'Unreachable',
      type: 'SIP',
    });
    expect((await call('DELETE', `${root}/extensions/1010`)).code).toBe(404);
  });

  it('cannot have the number of something that the PBX answers itself', async () => {
    expect(await call('PUT', `${root}/extensions/6500`, {})).toMatchObject({
      code: 409,
      body: { error: 'number 6500 is an IVR, a queue, a ring group or a conference' },
    });
  });

  it('take over the state of a report about them', async () => {
    const token = await login('v1.1.0');
    await post(`${root}/events`, { report: 'ExtensionStatus', extension: '1000', status: 'Ringing' });
    expect((await query(token, 'extensionlist/query')).extlist[0].status).toBe('Ringing');
  });

  it('that change at the same time all change', async () => {
    const numbers = Array.from({ length: 10 }, (_, at) => String(2_000 + at));
    await Promise.all(numbers.map((number) => call('PUT', `${root}/extensions/${number}`, {})));
    const { body } = await call('GET', `${root}/model`);
    expect(body.extensions.map(({ number }: { number: string }) => number)).toEqual(
      expect.arrayContaining(numbers),
    );
  });
});

it.each([
  [{}, 'unknown report "undefined"'],
  [null, 'unknown report'],
  [{ report: 'Sneeze' }, 'unknown report "Sneeze"'],
  [{ report: { toString: 1 } }, 'unknown report "object"'],
  [{ report: 'ExtensionStatus', extension: '1000' }, '/status: Expected required property'],
  [{ report: 'RING', callid: '', members: [] }, '/callid: '],
])('a report %j is refused with a message', async (body, words) => {
  const answer = await post(`${root}/events`, body);
  expect(answer.code).toBe(400);
  expect(answer.body.error).toContain(words);
});
