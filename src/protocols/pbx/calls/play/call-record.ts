/** The record of a finished call. Pure. */
import { dateTime } from '../../model/date-time.ts';
import type { CallRecord } from '../../reports/call-record.ts';
import type { OpenCall } from './call.ts';

export type CallStatus = 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED';

/** Returns the record of a call that ended with a status. */
export function recordOf(call: OpenCall, status: CallStatus): CallRecord {
  const { callid, type, caller, callee, startedMs } = call;
  const isAnswered = status === 'ANSWERED';
  const talkSeconds = isAnswered ? call.talkSeconds : 0;
  const from = caller.type === 'ext' ? caller.number : caller.from;
  const to = callee.type === 'ext' ? callee.number : callee.to;
  const stamp = dateTime(startedMs).replace(/\D/g, '');
  return {
    report: 'NewCdr',
    callid,
    timestart: dateTime(startedMs),
    callfrom: from,
    callto: to,
    ...(caller.type === 'inbound' ? { srctrunkname: caller.trunk, didnumber: caller.to } : {}),
    ...(callee.type === 'outbound' ? { dsttrunkname: callee.trunk } : {}),
    callduration: String(call.ringSeconds + talkSeconds),
    talkduration: String(talkSeconds),
    status,
    type: call.transferred ? 'Transfer' : type,
    ...(call.recording && isAnswered ? { recording: `${stamp}-${callid}-${from}-${to}-${type}.wav` } : {}),
  };
}
