/** `inbound/query` and `outbound/query` of S-Series API v1.1.0: the calls under way that came in on a trunk, or left by one. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos } from '../api/errors.ts';
import { selectNamed } from '../api/select.ts';
import { type Callee, membersOf, type OpenCall } from './play/call.ts';
import { listCalls } from './play/open-calls.ts';

const shownCall = {
  from: Type.String(),
  to: Type.String(),
  trunk: Type.String(),
  status: Type.String(),
};

export function inboundQuery(context: PbxContext): PbxOperation {
  const Called = Type.Array(Type.Record(Type.String(), Type.String()));
  return authorizedCall(context, {
    name: 'PbxInboundQuery',
    summary: 'Returns calls that came in on a trunk',
    path: 'inbound/query',
    permission: 'calls',
    // Ids with commas between them; absent or empty: all.
    parameters: ['inboundid'],
    reply: { inbound: Type.Array(Type.Object({ inboundid: Type.String(), ...shownCall, callee: Called })) },
    errors: [errnos.noSuchCall],
    async run(parameters) {
      const inbound = selectNamed((await listCalls(context.store)).flatMap(inboundCall), {
        asked: parameters.get('inboundid'),
        name: ({ inboundid }) => inboundid,
        unknown: errnos.noSuchCall,
      });
      return succeedWith({ inbound });
    },
  });
}

export function outboundQuery(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxOutboundQuery',
    summary: 'Returns calls that left by a trunk',
    path: 'outbound/query',
    permission: 'calls',
    parameters: ['outboundid'],
    reply: { outbound: Type.Array(Type.Object({ outboundid: Type.String(), ...shownCall })) },
    errors: [errnos.noSuchCall],
    async run(parameters) {
      const outbound = selectNamed((await listCalls(context.store)).flatMap(outboundCall), {
        asked: parameters.get('outboundid'),
        name: ({ outboundid }) => outboundid,
        unknown: errnos.noSuchCall,
      });
      return succeedWith({ outbound });
    },
  });
}

function inboundCall(call: OpenCall) {
  const { caller, callee } = call;
  if (caller.type !== 'inbound') return [];
  const { id = '', from, to, trunk } = caller;
  return [{ inboundid: id, from, to, trunk, status: shownState(call), callee: called(callee) }];
}

/** A call back has two. */
function outboundCall(call: OpenCall) {
  return membersOf(call).flatMap((member) => {
    if (member.type !== 'outbound') return [];
    const { id = '', from, to, trunk } = member;
    return [{ outboundid: id, from, to, trunk, status: shownState(call) }];
  });
}

/** The document names extensions, IVRs and outside numbers; the name for a queue follows the calls that transfer to one. */
function called(callee: Callee): Record<string, string>[] {
  if (callee.type === 'ext') return [{ extid: callee.number }];
  if (callee.type !== 'service') return [{ outboundid: callee.id ?? '' }];
  if (callee.kind === 'ivr') return [{ ivrid: callee.number }];
  return callee.kind === 'queue' ? [{ queueid: callee.number }] : [];
}

/** Names of states as queries show them ("Query Inbound Calls", S-Series API v1.1.0); no document has one for a held call. */
const shownStates: Readonly<Record<OpenCall['phase'], string>> = {
  new: 'Progress',
  invited: 'Progress',
  ringing: 'Progress',
  service: 'Talking',
  answered: 'Talking',
  held: 'Hold',
  consulting: 'Hold',
};

/** Returns the state of a call as queries show it. */
function shownState({ phase, callee }: Pick<OpenCall, 'phase' | 'callee'>): string {
  const isWaiting = phase === 'service' && callee.type === 'service' && callee.kind === 'queue';
  return isWaiting ? 'Wait' : shownStates[phase];
}
