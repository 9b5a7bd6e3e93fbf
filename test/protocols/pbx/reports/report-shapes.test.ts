/**
 * Reports as each shape writes them. Sources of the rows, by shape: legacy, the first S-Series API guide (v1.0); callList, the pages
 * "System Startup" to "CDR Report" of S-Series API v1.1.0; event, the event pages "BootUp" to "uacstacall" of S-Series API v2.0.0;
 * openvox, the report pages of the UC Series API of OpenVox. The order of members in whole calls: calls/documented-reports.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { isReport, type Report, renderReport } from '../../../../src/protocols/pbx/reports/catalog.ts';
import type { Shape } from '../../../../src/protocols/pbx/reports/report-kind.ts';

const callid = '1550710849.199';
const ext = (number: string) => ({ type: 'ext' as const, number });
const internal = [ext('1001'), ext('1002')];
const inbound = {
  type: 'inbound' as const,
  from: '1000',
  to: '1002',
  trunk: 'sip-142',
  id: '1550710849.200',
};
const outbound = { ...inbound, type: 'outbound' as const };
const record: Report = {
  report: 'NewCdr',
  callid: '1547392142.330',
  timestart: '2019-01-13 23:09:02',
  callfrom: '1005',
  callto: '9283737733',
  dsttrunkname: 'SPS-6-36',
  callduration: '6',
  talkduration: '3',
  status: 'ANSWERED',
  type: 'Outbound',
};

describe('reports have the bytes of the documents', () => {
  it.each<[Shape, Report, string | undefined]>([
    ['legacy', { report: 'BootUp' }, '{"action":"BootUp"}'],
    ['callList', { report: 'BootUp' }, '{"action":"BootUp","sn":"1"}'],
    ['openvox', { report: 'BootUp' }, '{"action":"BootUp","sn":"1"}'],
    ['event', { report: 'BootUp' }, '{"event":"BootUp","sn":"1"}'],
    [
      'callList',
      { report: 'ConfigChange', type: 'trunk', name: 'SIP-142', operation: 'del' },
      '{"action":"ConfigChange","type":"trunk","trunkname":"SIP-142","operation":"del","sn":"1"}',
    ],
    [
      'legacy',
      { report: 'ConfigChange', type: 'extension', name: '1001', operation: 'add' },
      '{"action":"ConfigChange","type":"extension","extid":"1001","operation":"add"}',
    ],
    [
      'event',
      { report: 'ExtensionStatus', extension: '1010', status: 'Registered' },
      '{"event":"ExtensionStatus","extension":"1010","status":"Registered","sn":"1"}',
    ],
    [
      'legacy',
      { report: 'ALERT', callid, members: internal },
      `{"action":"ALERT","callid":"${callid}","ext":{"extid":"1001"},"ext":{"extid":"1002"}}`,
    ],
    [
      'legacy',
      { report: 'ANSWER', callid, members: internal },
      `{"action":"ANSWER","callid":"${callid}","ext":{"extid":"1002"},"ext":{"extid":"1001"}}`,
    ],
    [
      'legacy',
      { report: 'ANSWERED', callid, members: internal },
      `{"action":"ANSWERED","callid":"${callid}","ext":{"extid":"1001"},"ext":{"extid":"1002"}}`,
    ],
    [
      'legacy',
      { report: 'BYE', callid, members: internal, hungUpBy: 'callee' },
      `{"action":"BYE","callid":"${callid}","ext":{"extid":"1002"},"ext":{"extid":"1001"}}`,
    ],
    [
      'legacy',
      { report: 'RING', callid, members: [inbound, ext('1002')] },
      `{"action":"RING","callid":"${callid}","ext":{"extid":"1002"},"inbound":{"from":"1000","to":"1002","trunk":"sip-142","inboundid":"1550710849.200"}}`,
    ],
    [
      'callList',
      { report: 'ALERT', callid, members: [ext('1001'), outbound] },
      `{"action":"ALERT","callid":"${callid}","call":[{"ext":{"extid":"1001"}},{"outbound":{"from":"1000","to":"1002","trunk":"sip-142","outboundid":"1550710849.200"}}],"sn":"1"}`,
    ],
    [
      'openvox',
      { report: 'RING', callid, members: [inbound, ext('1002')] },
      `{"action":"RING","callid":"${callid}","ext":{"extid":"1002"},"inbound":{"from":"1000","to":"1002","trunk":"sip-142","inboundid":"1550710849.200"},"sn":"1"}`,
    ],
    [
      'event',
      { report: 'ANSWER', callid, members: [{ ...inbound, channelid: 'c1', callpath: 'ivr' }, ext('1002')] },
      `{"event":"CallStatus","callid":"${callid}","members":[{"inbound":{"from":"1000","to":"1002","trunkname":"sip-142","channelid":"c1","memberstatus":"ANSWERED","callpath":"ivr"}},{"ext":{"number":"1002","channelid":"","memberstatus":"ANSWER"}}],"sn":"1"}`,
    ],
    ['legacy', { report: 'HOLD', callid, members: internal }, undefined],
    [
      'event',
      { report: 'Transfer', callid, members: internal },
      `{"event":"Tranfer","callid":"${callid}","members":[{"ext":{"number":"1001","channelid":""}},{"ext":{"number":"1002","channelid":""}}],"sn":"1"}`,
    ],
    [
      'legacy',
      { report: 'Transfer', callid, members: internal },
      `{"action":"Tranfer","callid":"${callid}","ext":{"extid":"1002"},"ext":{"extid":"1001"}}`,
    ],
    [
      'legacy',
      { report: 'CallFailed', reason: 'User busy', callid, members: [] },
      `{"action":"CallFailed","reason":"User busy","callid":"${callid}"}`,
    ],
    [
      'callList',
      { report: 'CallFailed', reason: '486 Busy Here', callid, members: [outbound, ext('1002')] },
      `{"action":"CallFailed","reason":"486 Busy Here","callid":"${callid}","outbound":{"from":"1000","to":"1002","trunk":"sip-142","outboundid":"1550710849.200"},"ext":{"extid":"1002"},"sn":"1"}`,
    ],
    [
      'legacy',
      { report: 'CallFailed', reason: '486 Busy Here', callid, members: [ext('1002')] },
      `{"action":"CallFailed","reason":"User busy","callid":"${callid}","ext":{"extid":"1002"}}`,
    ],
    [
      'legacy',
      { report: 'CallFailed', reason: 'DND', callid, members: [ext('1005')] },
      `{"action":"CallFailed","reason":"DND","callid":"${callid}","ext":{"extid":"1005"}}`,
    ],
    [
      'event',
      {
        report: 'CallFailed',
        reason: 'NO Outbound Restriction',
        callid,
        members: [outbound, { ...ext('1023'), channelid: 'PJSIP/1023-0000000a' }],
      },
      `{"event":"CallFailed","callid":"${callid}","reason":"NO Outbound Restriction","members":[{"ext":{"number":"1023","channelid":"PJSIP/1023-0000000a"}}],"sn":"1"}`,
    ],
    [
      'event',
      { report: 'CallFailed', reason: '480 Temporarily unavailable', callid, members: [] },
      `{"event":"CallFailed","callid":"${callid}","reason":"480 Temporatily Unavailable","members":[],"sn":"1"}`,
    ],
    [
      'callList',
      { report: 'Forward', callid, members: [ext('1006')] },
      `{"action":"Tranfer","callid":"${callid}","call":[{"ext":{"extid":"1006"}}],"sn":"1"}`,
    ],
    [
      'legacy',
      { report: 'Forward', callid, members: [inbound] },
      `{"action":"Tranfer","callid":"${callid}","inbound":{"from":"1000","to":"1002","trunk":"sip-142","inboundid":"1550710849.200"}}`,
    ],
    [
      'event',
      { report: 'Forward', callid, members: [{ ...inbound, channelid: 'c1' }] },
      `{"event":"Forward","callid":"${callid}","members":[{"inbound":{"from":"1000","to":"1002","trunkname":"sip-142","channelid":"c1"}}],"sn":"1"}`,
    ],
    [
      'event',
      { report: 'Invite', callid, members: [{ ...inbound, channelid: 'c1' }] },
      `{"event":"Invite","callid":"${callid}","members":[{"inbound":{"from":"1000","to":"1002","trunkname":"sip-142","channelid":"c1"}}],"sn":"1"}`,
    ],
    [
      'event',
      { report: 'Incoming', callid, members: [{ ...inbound, channelid: 'c1' }] },
      `{"event":"Incoming","callid":"${callid}","members":[{"inbound":{"from":"1000","to":"1002","trunkname":"sip-142","channelid":"c1"}}],"sn":"1"}`,
    ],
    [
      'event',
      {
        report: 'DTMF',
        callid,
        members: [{ ...ext('1023'), channelid: 'c1', callpath: '6500' }],
        info: '2',
      },
      `{"event":"DTMF","callid":"${callid}","members":[{"ext":{"number":"1023","channelid":"c1","memberstatus":"ANSWERED","callpath":"6500"}}],"info":"2","flag":"0","infos":"2","sn":"1"}`,
    ],
    [
      'legacy',
      { report: 'DTMF', callid, members: [outbound], info: '#' },
      `{"action":"DTMF","callid":"${callid}","outbound":{"from":"1000","to":"1002","trunk":"sip-142","outboundid":"1550710849.200"},"info":"#"}`,
    ],
    [
      'legacy',
      { report: 'PlayPromptEnd', callid, members: [outbound], prompt: 'appletest' },
      `{"action":"PlayPromptEnd","callid":"${callid}","outbound":{"trunkname":"sip-142"},"prompt":"appletest"}`,
    ],
    [
      'callList',
      { report: 'PlayPromptEnd', callid, members: [ext('1001')], ivr: '6500' },
      `{"action":"PlayPromptEnd","callid":"${callid}","ext":{"extid":"1001"},"ivr":{"ivrid":"6500"},"sn":"1"}`,
    ],
    [
      'event',
      { report: 'PlayPromptEnd', callid, extension: '1002', prompt: 'appletest' },
      `{"event":"PlayPromptEnd","callid":"${callid}","members":[{"ext":{"number":"1002","channelid":""}}],"prompt":"appletest","sn":"1"}`,
    ],
    [
      'event',
      { report: 'Satisfaction', callid, surveyresult: '1' },
      `{"event":"satisfaction","callid":"${callid}","surveyresult":"1","sn":"1"}`,
    ],
    [
      'event',
      { report: 'ConfigChange', type: 'extension', name: '1000', operation: 'update' },
      '{"event":"ConfigChange","type":"extension","extid":"1000","operation":"update","sn":"1"}',
    ],
    [
      'legacy',
      { report: 'Invite', callid, members: [inbound] },
      `{"action":"Invite","callid":"${callid}","inbound":{"from":"1000","to":"1002","trunk":"sip-142","inboundid":"1550710849.200"}}`,
    ],
    [
      'callList',
      { report: 'DTMF', callid, members: [ext('1001')], info: '#' },
      `{"action":"DTMF","callid":"${callid}","call":[{"ext":{"extid":"1001"}}],"info":"#","flag":"0","infos":"#","sn":"1"}`,
    ],
    [
      'callList',
      { report: 'PlayPromptEnd', callid, extension: '1002', prompt: 'appletest' },
      `{"action":"PlayPromptEnd","callid":"${callid}","ext":{"extid":"1002"},"prompt":"appletest","sn":"1"}`,
    ],
    [
      'legacy',
      { report: 'Satisfaction', callid, surveyresult: '1' },
      `{"action":"satisfaction","surveyresult":"1","callid":"${callid}"}`,
    ],
    [
      'legacy',
      { report: 'SmsSend', status: 'Failed', smsid: '18396210850-1502874159' },
      '{"action":"sms-send","status":"Failed","smsid":"18396210850-1502874159"}',
    ],
    [
      'callList',
      { ...record, recording: '20180315201242-1521173562.46-203-201-Internal.yswav' },
      '{"action":"NewCdr","callid":"1547392142.330","timestart":"2019-01-13 23:09:02","callfrom":"1005","callto":"9283737733","desttrunkname":"SPS-6-36","callduraction":"6","talkduraction":"3","status":"ANSWERED","type":"Outbound","recording":"20180315201242-1521173562.46-203-201-Internal.yswav","sn":"1"}',
    ],
    [
      'event',
      record,
      '{"event":"NewCdr","callid":"1547392142.330","timestart":"2019-01-13 23:09:02","callfrom":"1005","callto":"9283737733","callduraction":"6","talkduraction":"3","srctrunkname":"","dsttrcunkname":"SPS-6-36","pincode":"","status":"ANSWERED","type":"Outbound","recording":"","didnumber":"","agentringtime":"0","sn":"1"}',
    ],
    [
      'callList',
      { ...record, pincode: '1000', didnumber: '9283737733', agentringtime: '3' },
      '{"action":"NewCdr","callid":"1547392142.330","timestart":"2019-01-13 23:09:02","callfrom":"1005","callto":"9283737733","desttrunkname":"SPS-6-36","callduraction":"6","talkduraction":"3","status":"ANSWERED","type":"Outbound","pincode":"1000","didnumber":"9283737733","agentringtime":"3","sn":"1"}',
    ],
    [
      'event',
      {
        report: 'ConferenceStatus',
        callid,
        number: '6409',
        name: 'Meeting',
        members: [{ ...ext('1001'), channelid: 'c1', callpath: '6409' }],
      },
      `{"event":"ConferenceStatus","callid":"${callid}","conferencenumber":"6409","conferencename":"Meeting","members":[{"ext":{"number":"1001","channelid":"c1","memberstatus":"ANSWERED","callpath":"6409"}}],"sn":"1"}`,
    ],
    [
      'callList',
      { report: 'ConferenceStatus', callid, number: '6409', name: 'Meeting', members: [] },
      undefined,
    ],
    [
      'event',
      {
        report: 'UaCstaCall',
        operation: 'callanswer',
        extnumber: '1000',
        cstacallid: '32788',
        ipaddress: '192.168.5.70:5060',
      },
      '{"event":"uacstacall","operation":"callanswer","extnumber":"1000","cstacallid":"32788","ipaddress":"192.168.5.70:5060","sn":"1"}',
    ],
    ['event', { report: 'Raw', body: { any: ['thing', 1] } }, '{"any":["thing",1]}'],
    ['legacy', { report: 'BootUp', shapes: ['event'] }, undefined],
  ])('%s: %j', (shape, report, body) => {
    expect(isReport(report)).toBe(true);
    expect(renderReport(report, shape, '1')).toBe(body);
  });
});
