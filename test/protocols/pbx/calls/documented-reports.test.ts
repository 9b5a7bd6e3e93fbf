/**
 * The reports of played calls, in the members and the order of the samples. callList: pages "Ringing", "Ring Back", "Call Released",
 * "Call Transfer", "Inbound Call Request" and "Inbound Call" of S-Series API v1.1.0; legacy: the pages of the same names in the first
 * S-Series API guide; event: "CallStatus", "CallTransfer", "Invite" and "Incoming" of v2.0.0.
 */
import { describe, expect, it } from 'vitest';
import type { NewCall, OpenCall } from '../../../../src/protocols/pbx/calls/play/call.ts';
import { playStep } from '../../../../src/protocols/pbx/calls/play/play-step.ts';
import { playSteps } from '../../../../src/protocols/pbx/calls/play/play-steps.ts';
import { startCall } from '../../../../src/protocols/pbx/calls/play/start-call.ts';
import type { Step } from '../../../../src/protocols/pbx/calls/play/step.ts';
import { defaultModel } from '../../../../src/protocols/pbx/model/model.ts';
import { renderReport } from '../../../../src/protocols/pbx/reports/catalog.ts';
import type { Shape } from '../../../../src/protocols/pbx/reports/report-kind.ts';

const callid = '1550710849.199';

/** Returns the reports of the last step as an application of a shape gets them, without states of extensions and call records. */
function heard(shape: Shape, newCall: NewCall, ...steps: Step[]): unknown[] {
  let model = defaultModel;
  let call: OpenCall | undefined = startCall(model, newCall, callid, 0);
  let bodies: string[] = [];
  for (const step of steps) {
    if (call === undefined) throw new Error('the call is over');
    const played = playStep(model, call, step);
    ({ call, model } = played);
    bodies = played.reports
      .filter(({ report }) => report !== 'ExtensionStatus' && report !== 'NewCdr')
      .flatMap((report) => renderReport(report, shape, '1') ?? []);
  }
  return bodies.map((body) => {
    const { callid: id, sn, ...rest } = JSON.parse(body);
    expect([id, sn]).toEqual([callid, '1']);
    return rest;
  });
}

const ext = (extid: string) => ({ ext: { extid } });
const ring: Step = { step: 'ring' };
const answer: Step = { step: 'answer' };
const internal = { from: '1000', to: '1001' };
const inbound = { from: '5551234', to: '1000', trunk: 'SIP-1' };
const outbound = { from: '1000', to: '5551234', trunk: 'SIP-1' };
const inboundMember = {
  inbound: { from: '5551234', to: '1000', trunk: 'SIP-1', inboundid: '1550710849.199' },
};
const outboundMember = {
  outbound: { from: '1000', to: '5551234', trunk: 'SIP-1', outboundid: '1550710849.200' },
};

describe('a ringing call', () => {
  it('alerts the caller alone, and then rings at the callee, who is written first', () => {
    expect(heard('callList', internal, ring)).toEqual([
      { action: 'ALERT', call: [ext('1000')] },
      { action: 'RING', call: [ext('1001'), ext('1000')] },
    ]);
  });

  it('to the outside writes the trunk first when it rings', () => {
    expect(heard('callList', outbound, ring)).toEqual([
      { action: 'ALERT', call: [ext('1000')] },
      { action: 'RING', call: [outboundMember, ext('1000')] },
    ]);
  });

  it('from the outside alerts the trunk, and writes the extension first when it rings', () => {
    expect(heard('callList', inbound, ring)).toEqual([
      { action: 'ALERT', call: [inboundMember] },
      { action: 'RING', call: [ext('1000'), inboundMember] },
    ]);
  });

  it('that was dialled on a telephone is reported to v2 only', () => {
    expect(heard('callList', { ...internal, dialledBy: 'phone' }, ring)).toEqual([]);
    expect(heard('legacy', { ...outbound, dialledBy: 'phone' }, ring)).toEqual([]);
    expect(heard('event', { ...internal, dialledBy: 'phone' }, ring)).toMatchObject([
      {
        event: 'CallStatus',
        members: [
          { ext: { number: '1000', memberstatus: 'ALERT' } },
          { ext: { number: '1001', memberstatus: 'RING' } },
        ],
      },
    ]);
  });

  it('is one report for v2', () => {
    expect(heard('event', internal, ring)).toHaveLength(1);
  });
});

describe('an inbound call', () => {
  it('under control is an Invite and then Incoming, and otherwise neither', () => {
    expect(heard('callList', { ...inbound, control: true }, ring).slice(0, 2)).toEqual([
      { action: 'Invite', call: [inboundMember] },
      { action: 'Incoming', call: [inboundMember] },
    ]);
    expect(heard('event', { ...inbound, control: true }, ring).slice(0, 2)).toMatchObject([
      { event: 'Invite', members: [{ inbound: { from: '5551234', to: '1000', trunkname: 'SIP-1' } }] },
      { event: 'Incoming', members: [{ inbound: { from: '5551234' } }] },
    ]);
    expect(heard('event', inbound, ring)).toMatchObject([{ event: 'CallStatus' }]);
  });
});

describe('a call that ends', () => {
  it.each([
    ['caller', ['1000', '1001']],
    ['callee', ['1001', '1000']],
  ] as const)(
    'by its %s is two reports: the member that hung up is first in one, and second in the other',
    (by, order) => {
      const [first, second] = order;
      expect(heard('callList', internal, ring, answer, { step: 'hangup', by })).toEqual([
        { action: 'BYE', call: [ext(first), ext(second)] },
        { action: 'BYE', call: [ext(second), ext(first)] },
      ]);
    },
  );

  it('with the outside is two reports, with the trunk in both', () => {
    expect(heard('callList', outbound, ring, answer, { step: 'hangup', by: 'callee' })).toEqual([
      { action: 'BYE', call: [outboundMember, ext('1000')] },
      { action: 'BYE', call: [ext('1000'), outboundMember] },
    ]);
  });

  it('is one report for v2', () => {
    expect(heard('event', internal, ring, answer, { step: 'hangup' })).toMatchObject([
      { event: 'CallStatus', members: [{ ext: { memberstatus: 'BYE' } }, { ext: { memberstatus: 'BYE' } }] },
    ]);
  });
});

describe('a call that is transferred by an extension', () => {
  it.each(['caller', 'callee'] as const)('names the caller first when its %s transfers', (by) => {
    const transfer: Step = { step: 'transfer', to: '1002', by };
    expect(heard('callList', internal, ring, answer, transfer)[0]).toEqual({
      action: 'Tranfer',
      call: [ext('1000'), ext('1001')],
    });
    expect(heard('callList', inbound, ring, answer, transfer)[0]).toEqual({
      action: 'Tranfer',
      call: [inboundMember, ext('1000')],
    });
  });

  const transfer: Step = { step: 'transfer', to: '1002' };

  it('names the caller first for v2, whose members have no status', () => {
    expect(heard('event', inbound, ring, answer, transfer)[0]).toEqual({
      event: 'Tranfer',
      members: [
        { inbound: { from: '5551234', to: '1000', trunkname: 'SIP-1', channelid: 'SIP/SIP-1-000000c7' } },
        { ext: { number: '1000', channelid: 'SIP/1000-000000c8' } },
      ],
    });
  });
});

/** The pages of the same names in the document of OpenVox's UC Series. */
describe('an application of OpenVox', () => {
  const written = (newCall: NewCall, ...steps: Step[]): string[] =>
    heard('openvox', newCall, ...steps).map((report) => JSON.stringify(report));
  const inboundText = JSON.stringify(inboundMember).slice(1, -1);
  const outboundText = JSON.stringify(outboundMember).slice(1, -1);
  const both = '"ext":{"extid":["1000","1001"]}';
  const exchanged = '"ext":{"extid":["1001","1000"]}';
  const one = '"ext":{"extid":"1000"}';

  it('receives the caller first when an extension rings for another', () => {
    expect(written(internal, ring)).toEqual([`{"action":"ALERT",${one}}`, `{"action":"RING",${both}}`]);
  });

  it('receives the called end first when one end is outside', () => {
    expect(written(outbound, ring)[1]).toBe(`{"action":"RING",${outboundText},${one}}`);
    expect(written(inbound, ring)[1]).toBe(`{"action":"RING",${one},${inboundText}}`);
  });

  it('receives of an answer the caller first, or the extension if one end is outside', () => {
    expect(written(internal, ring, answer)[0]).toBe(`{"action":"ANSWER",${both}}`);
    expect(written(outbound, ring, answer)[0]).toBe(`{"action":"ANSWER",${one},${outboundText}}`);
    expect(written(inbound, ring, answer)[0]).toBe(`{"action":"ANSWER",${one},${inboundText}}`);
  });

  it('receives two reports of a hang-up: the member that hung up is first in one, and second in the other', () => {
    expect(written(internal, ring, answer, { step: 'hangup', by: 'callee' })).toEqual([
      `{"action":"BYE",${exchanged}}`,
      `{"action":"BYE",${both}}`,
    ]);
    expect(written(outbound, ring, answer, { step: 'hangup', by: 'callee' })).toEqual([
      `{"action":"BYE",${outboundText},${one}}`,
      `{"action":"BYE",${one},${outboundText}}`,
    ]);
  });

  it('receives of a transfer the called end first', () => {
    const by = (side: 'caller' | 'callee'): Step => ({ step: 'transfer', to: '1002', by: side });
    expect(written(internal, ring, answer, by('caller'))[0]).toBe(`{"action":"Tranfer",${exchanged}}`);
    expect(written(inbound, ring, answer, by('callee'))[0]).toBe(
      `{"action":"Tranfer",${one},${inboundText}}`,
    );
  });

  it('receives the code of a failure as a number, without its text', () => {
    expect(written(internal, ring, { step: 'fail', reason: '480 Temporarily unavailable' })[0]).toBe(
      `{"action":"CallFailed","reason":480,${one}}`,
    );
  });

  it('receives no trunk in the record of a call', () => {
    const call = startCall(defaultModel, outbound, callid, 0);
    const { reports } = playSteps(defaultModel, call, [ring, answer, { step: 'hangup' }], []);
    const records = reports.filter(({ report }) => report === 'NewCdr');
    const names = records.map((report) =>
      Object.keys(JSON.parse(renderReport(report, 'openvox', '1') ?? '')),
    );
    expect(names).toEqual([
      [
        'action',
        'callid',
        'timestart',
        'callfrom',
        'callto',
        'callduraction',
        'talkduraction',
        'status',
        'type',
        'sn',
      ],
    ]);
  });
});
