/** The record of a finished call. Absent members are left out, or empty in the event shape, which has every member. */
import { type Static, type TObject, Type } from '@sinclair/typebox';
import { Name, type Pairs, present, reportKind, Text } from './report-kind.ts';

const properties = {
  callid: Name,
  timestart: Name,
  callfrom: Text,
  callto: Text,
  srctrunkname: Type.Optional(Text),
  dsttrunkname: Type.Optional(Text),
  callduration: Text,
  talkduration: Text,
  pincode: Type.Optional(Text),
  status: Text,
  type: Text,
  recording: Type.Optional(Text),
  didnumber: Type.Optional(Text),
  agentringtime: Type.Optional(Text),
};
type Properties = Static<TObject<typeof properties>>;

export const callRecord = reportKind('NewCdr', properties, {
  members(record, shape) {
    if (shape === 'event') return eventMembers(record);
    return actionMembers(shape === 'openvox' ? openvoxProperties(record) : record);
  },
});
export type CallRecord = Static<(typeof callRecord)['schema']>;

// "callduraction" and "dsttrcunkname" are spelled as the PBX spells them.

function actionMembers(record: Properties): Pairs {
  return [
    ['callid', record.callid],
    ['timestart', record.timestart],
    ['callfrom', record.callfrom],
    ['callto', record.callto],
    ...present([
      ['srctrunkname', record.srctrunkname],
      ['desttrunkname', record.dsttrunkname],
    ]),
    ['callduraction', record.callduration],
    ['talkduraction', record.talkduration],
    ['status', record.status],
    ['type', record.type],
    ...present([
      ['pincode', record.pincode],
      ['recording', record.recording],
      ['didnumber', record.didnumber],
      ['agentringtime', record.agentringtime],
    ]),
  ];
}

/** Returns what the page "CDR Reports" of OpenVox's document lists: no trunks, no number that was dialled. */
function openvoxProperties(record: Properties): Properties {
  const {
    srctrunkname: _,
    dsttrunkname: __,
    pincode: ___,
    didnumber: ____,
    agentringtime: _____,
    ...listed
  } = record;
  return listed;
}

function eventMembers(record: Properties): Pairs {
  return [
    ['callid', record.callid],
    ['timestart', record.timestart],
    ['callfrom', record.callfrom],
    ['callto', record.callto],
    ['callduraction', record.callduration],
    ['talkduraction', record.talkduration],
    ['srctrunkname', record.srctrunkname ?? ''],
    ['dsttrcunkname', record.dsttrunkname ?? ''],
    ['pincode', record.pincode ?? ''],
    ['status', record.status],
    ['type', record.type],
    ['recording', record.recording ?? ''],
    ['didnumber', record.didnumber ?? ''],
    ['agentringtime', record.agentringtime ?? '0'],
  ];
}
