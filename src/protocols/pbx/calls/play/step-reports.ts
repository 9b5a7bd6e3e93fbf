/** The reports that belong to what happens in a call. Which, and in which order: S-Series API v1.1.0 and v2.0.0. Pure. */
import { type Model, restingStatus, withExtensionStatus } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import type { Member } from '../../reports/members.ts';
import type { Shape } from '../../reports/report-kind.ts';
import { type Callee, membersOf, type OpenCall } from './call.ts';
import { findExtension } from './parties.ts';
import type { Side } from './step.ts';

/** The shapes that have a report of its own for each side of a call; the event shape has one for both. */
export const actionShapes: Shape[] = ['legacy', 'callList', 'openvox'];
export const eventShape: Shape[] = ['event'];

/**
 * The caller gets the ringing tone, then the callee rings. In the older shapes both are reported only for calls dialled by the API; of
 * inbound calls, which are never dialled here, they are reported too.
 */
export function ringing(call: OpenCall): Report[] {
  const { callid, caller, dialledBy } = call;
  const members = [...membersOf(call)];
  if (dialledBy === 'phone' && caller.type !== 'inbound')
    return [{ report: 'RING', callid, members, shapes: eventShape }];
  return [
    { report: 'ALERT', callid, members: members.slice(0, 1), shapes: actionShapes },
    { report: 'RING', callid, members },
  ];
}

/**
 * An inbound call that applications decide on arrives: they are asked, unless they have decided already, and then receive a report that
 * the call is accepted ("Inbound Call Request", "Inbound Call", S-Series API v1.1.0). No reports for other calls.
 */
export function arriving({ callid, caller, control, phase }: OpenCall): Report[] {
  if (caller.type !== 'inbound' || control !== true) return [];
  const accepted: Report = { report: 'Incoming', callid, members: [caller] };
  if (phase === 'new') return [{ report: 'Invite', callid, members: [caller] }, accepted];
  return phase === 'invited' ? [accepted] : [];
}

/** The callee's report and the caller's belong together. */
export function answering(call: OpenCall): Report[] {
  const { callid } = call;
  const members = [...membersOf(call)];
  return [
    { report: 'ANSWER', callid, members },
    { report: 'ANSWERED', callid, members, shapes: actionShapes },
  ];
}

/** The PBX itself answers the caller, who is the only member. `again`: who was answered before; only the event shape reports that. */
export function answeredByService(call: OpenCall, when: 'first' | 'again'): Report {
  return {
    report: 'ANSWERED',
    callid: call.callid,
    members: [...membersOf(call)],
    ...(when === 'first' ? {} : { shapes: eventShape }),
  };
}

/** Who talks to whom now: the event shape reports it, the older ones do not. */
export function talking(call: OpenCall): Report {
  return { report: 'ANSWER', callid: call.callid, members: [...membersOf(call)], shapes: eventShape };
}

/** Two reports, the first of which begins with who hung up, and the second with the other end; one in the event shape. */
export function released(callid: string, both: readonly Member[], by: Side): Report[] {
  const members = [...both];
  const first: Report = { report: 'BYE', callid, members, hungUpBy: by };
  if (members.length < 2) return [first];
  const other = by === 'caller' ? 'callee' : 'caller';
  return [first, { report: 'BYE', callid, members, hungUpBy: other, shapes: actionShapes }];
}

/** The call was not connected: the trunk comes first, and of an internal call only the caller is named. */
export function failing({ callid, caller, callee }: OpenCall, reason: string): Report {
  const members =
    callee.type === 'outbound'
      ? [callee, caller]
      : caller.type === 'ext'
        ? [caller]
        : [caller, ...extension(callee)];
  return { report: 'CallFailed', reason, callid, members };
}

function extension(callee: Callee): Member[] {
  return callee.type === 'ext' ? [callee] : [];
}

/** Returns the model with the telephone of a member in a state; outside numbers have none. */
export function withStatus(
  model: Model,
  member: Callee | undefined,
  status: 'Busy' | 'Ringing' | 'Hold' | 'rest',
): Model {
  if (member?.type !== 'ext') return model;
  const known = findExtension(model, member.number);
  return withExtensionStatus(model, member.number, status === 'rest' ? restingStatus(known) : status);
}

/** Returns a report for each extension whose state changed; Hold is not one of the states that are reported. */
export function statusReports(before: Model, after: Model): Report[] {
  return after.extensions.flatMap(({ number, status }, at) =>
    status === undefined || status === 'Hold' || before.extensions[at]?.status === status
      ? []
      : [{ report: 'ExtensionStatus' as const, extension: number, status }],
  );
}
