/** Who takes part in the conferences of the PBX ("ConferenceStatus", S-Series API v2.0.0). Pure. */
import type { Model } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import { maxParticipants } from '../../reports/conference-status.ts';
import type { Member } from '../../reports/members.ts';
import type { OpenCall } from './call.ts';
import { eventShape } from './step-reports.ts';

/** Returns a report for each conference that a call joined or left in a step. `others`: the open calls, of which those in it take part. */
export function conferenceReports(
  model: Model,
  { before, after }: { readonly before: OpenCall; readonly after: OpenCall | undefined },
  others: readonly OpenCall[],
): Report[] {
  const left = conferenceOf(before);
  const joined = after === undefined ? undefined : conferenceOf(after);
  if (left === joined) return [];
  const { callid } = before;
  const changed = [left, joined].filter((number) => number !== undefined);
  return changed.map((number) => {
    const calls = [
      ...others.filter((call) => call.callid !== callid),
      ...(after === undefined ? [] : [after]),
    ];
    const members = calls.flatMap((call) => (conferenceOf(call) === number ? [participant(call)] : []));
    return {
      report: 'ConferenceStatus',
      callid,
      number,
      name: nameOf(model, number),
      members: members.slice(0, maxParticipants),
      shapes: eventShape,
    };
  });
}

function conferenceOf({ callee, phase }: OpenCall): string | undefined {
  return phase === 'service' && callee.type === 'service' && callee.kind === 'conference'
    ? callee.number
    : undefined;
}

function participant({ caller, callpath }: OpenCall): Member {
  return callpath === undefined ? caller : { ...caller, callpath };
}

function nameOf({ conferences = [] }: Model, number: string): string {
  return conferences.find((conference) => conference.number === number)?.name ?? number;
}
