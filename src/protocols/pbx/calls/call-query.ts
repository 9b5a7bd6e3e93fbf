/** `call/query` and `extension/query_call` of S-Series API v2.0.0: the calls under way, of all or of some extensions. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos } from '../api/errors.ts';
import { selectNamed } from '../api/select.ts';
import { readModel } from '../model/model.ts';
import type { Member } from '../reports/members.ts';
import { type Callee, membersOf, type OpenCall } from './play/call.ts';
import { listCalls } from './play/open-calls.ts';
import { secondCall } from './play/play-transfer.ts';

const Members = Type.Array(Type.Record(Type.String(), Type.Record(Type.String(), Type.String())));
const CallStatus = Type.Object({ members: Members, callid: Type.String() });

export function callQuery(context: PbxContext): PbxOperation {
  return authorizedCall(context, {
    name: 'PbxCallQuery',
    summary: 'Returns the calls under way: some by their ids, those of a type, or all',
    path: 'call/query',
    permission: 'calls',
    // `type`: inbound or outbound.
    parameters: ['callid', 'type'],
    // The table of the document has `calls`, and clients read `Calls`.
    reply: { Calls: Type.Array(CallStatus) },
    errors: [errnos.noSuchCall],
    async run(parameters) {
      const type = parameters.get('type') ?? '';
      const calls = (await listCalls(context.store))
        .flatMap(shownCalls)
        .filter(({ call }) => (type !== 'inbound' && type !== 'outbound') || hasMember(call, type));
      const selected = selectNamed(calls, {
        asked: parameters.get('callid'),
        name: ({ call }) => call.callid,
        unknown: errnos.noSuchCall,
      });
      return succeedWith({ Calls: selected.map(callStatus) });
    },
  });
}

function hasMember(call: OpenCall, type: Member['type']): boolean {
  return membersOf(call).some((member) => member.type === type);
}

export function extensionQueryCall(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    name: 'PbxExtensionQueryCall',
    summary: 'Returns the calls of extensions',
    path: 'extension/query_call',
    permission: 'calls',
    // Numbers with commas between them, or "all".
    parameters: ['number'],
    reply: {
      calllist: Type.Array(Type.Object({ number: Type.String(), numbercalls: Type.Array(CallStatus) })),
    },
    errors: [errnos.noSuchExtension],
    async run(parameters) {
      const [{ value: model }, calls] = await Promise.all([
        readModel(store, configuredModel),
        listCalls(store),
      ]);
      const selected = selectNamed(model.extensions, {
        asked: parameters.get('number'),
        name: ({ number }) => number,
        unknown: errnos.noSuchExtension,
      });
      const calllist = selected.map(({ number }) => ({
        number,
        numbercalls: calls
          .flatMap(shownCalls)
          .filter(({ call }) => takesPart(call, number))
          .map(callStatus),
      }));
      return succeedWith({ calllist });
    },
  });
}

function takesPart(call: OpenCall, number: string): boolean {
  return membersOf(call).some((member) => member.type === 'ext' && member.number === number);
}

/** A call as queries show it: an attended transfer is two. */
interface ShownCall {
  readonly call: OpenCall;
  /** Channel of the member that is on hold. */
  readonly held?: string | undefined;
}

function shownCalls(call: OpenCall): readonly ShownCall[] {
  const { phase, heldBy, caller, callee, consultation } = call;
  const channelOf = (party: Callee) => (party.type === 'service' ? undefined : party.channelid);
  if (consultation === undefined)
    return [{ call, held: phase === 'held' ? channelOf(heldBy === 'caller' ? caller : callee) : undefined }];
  const { by, talksTo, target } = consultation;
  const other = by === 'caller' ? callee : caller;
  return [
    { call, held: talksTo === 'target' ? channelOf(other) : undefined },
    { call: secondCall(call, consultation), held: talksTo === 'other' ? channelOf(target) : undefined },
  ];
}

function callStatus({ call, held }: ShownCall) {
  const { callid, phase } = call;
  const isTalking = phase !== 'new' && phase !== 'invited' && phase !== 'ringing';
  const [asCaller, asCallee] = isTalking ? ['ANSWERED', 'ANSWER'] : ['ALERT', 'RING'];
  const members = membersOf(call).map((member, at) =>
    memberStatus(member, member.channelid === held ? 'HOLD' : at === 0 ? asCaller : asCallee),
  );
  return { members, callid };
}

function memberStatus(member: Member, memberstatus: string) {
  const { channelid = '', callpath } = member;
  const path = callpath === undefined ? {} : { callpath };
  if (member.type === 'ext') return { ext: { number: member.number, channelid, memberstatus, ...path } };
  const { from, to, trunk: trunkname } = member;
  return { [member.type]: { from, to, trunkname, channelid, memberstatus, ...path } };
}
