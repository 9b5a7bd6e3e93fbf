/** The record of a finished call. Pure. */
import { dateTime } from '../../model/date-time.ts';
import { failureReasons } from '../../reports/call-failed.ts';
import type { CallRecord } from '../../reports/call-record.ts';
import { calledNumber, type OpenCall } from './call.ts';

export type CallStatus = 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED' | 'VOICEMAIL';

const unanswered: ReadonlySet<string> = new Set([
  failureReasons.noAnswer,
  failureReasons.declined,
  failureReasons.cancelled,
]);

/** Returns the status in the record of a call that failed for a reason. */
export function statusOfFailure(reason: string): CallStatus {
  if (unanswered.has(reason)) return 'NO ANSWER';
  return /busy|^dnd$/i.test(reason) ? 'BUSY' : 'FAILED';
}

/** Returns the record of a call that ended with a status. */
export function recordOf(call: OpenCall, status: CallStatus): CallRecord {
  const { callid, type, caller, callee, startedMs, ringSeconds } = call;
  const isAnswered = status === 'ANSWERED';
  const talkSeconds = isAnswered || status === 'VOICEMAIL' ? call.talkSeconds : 0;
  const from = caller.type === 'ext' ? caller.number : caller.from;
  const to = calledNumber(callee);
  const left = [callee, caller].find((party) => party.type === 'outbound');
  const stamp = dateTime(startedMs).replace(/\D/g, '');
  return {
    report: 'NewCdr',
    callid,
    timestart: dateTime(startedMs),
    callfrom: from,
    callto: to,
    ...(caller.type === 'inbound' ? { srctrunkname: caller.trunk, didnumber: caller.to } : {}),
    ...(left === undefined ? {} : { dsttrunkname: left.trunk }),
    callduration: String(ringSeconds + talkSeconds),
    talkduration: String(talkSeconds),
    status,
    type: call.transferred ? 'Transfer' : type,
    ...(call.recording && isAnswered ? { recording: `${stamp}-${callid}-${from}-${to}-${type}.wav` } : {}),
    ...(call.isQueued === true ? { agentringtime: String(ringSeconds) } : {}),
  };
}
