/** `call/query` and `extension/query_call` of S-Series API v2.0.0: the calls under way, of all or of some extensions. */
import { type TSchema, Type } from '@sinclair/typebox';
import {
  endpoint,
  type PbxOperation,
  succeedWith,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import { readModel } from '../model/model.ts';
import type { Member } from '../reports/members.ts';
import { authorize } from '../users/authorize.ts';
import type { OpenCall } from './play/call.ts';
import { listCalls } from './play/open-calls.ts';
import { selectCalls } from './trunk-calls.ts';

const QueryBody = Type.Object({
  /** Ids with commas between them; absent or "all": all. No document was found: a choice. */
  callid: Field,
});
const readQuery = bodyReader(QueryBody);
const ExtensionBody = Type.Object({
  /** Numbers with commas between them, or "all". */
  number: Field,
});
const readExtensions = bodyReader(ExtensionBody);

const Members = Type.Array(Type.Record(Type.String(), Type.Record(Type.String(), Type.String())));
const CallStatus: TSchema = Type.Object({ callid: Type.String(), members: Members });

export function callQuery(context: PbxContext): PbxOperation {
  return {
    name: 'PbxCallQuery',
    summary: 'Returns the calls under way',
    ...endpoint('call/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: QueryBody,
      replies: { 200: successWith({ calllist: Type.Array(CallStatus) }) },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.noSuchCall],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const ids = readQuery(call.body)?.get('callid') ?? '';
      const calls = (await listCalls(context.store)).map(callStatus);
      return succeedWith({ calllist: selectCalls(calls, 'callid', ids === 'all' ? '' : ids) });
    },
  };
}

export function extensionQueryCall(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return {
    name: 'PbxExtensionQueryCall',
    summary: 'Returns the calls of extensions',
    ...endpoint('extension/query_call'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: ExtensionBody,
      replies: {
        200: successWith({
          calllist: Type.Array(Type.Object({ number: Type.String(), numbercalls: Type.Array(CallStatus) })),
        }),
      },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.noSuchExtension],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const asked = (readExtensions(call.body)?.get('number') ?? 'all').trim();
      const [{ value: model }, calls] = await Promise.all([
        readModel(store, configuredModel),
        listCalls(store),
      ]);
      const known = model.extensions.map(({ number }) => number);
      const numbers = asked === 'all' || asked === '' ? known : asked.split(',').map((text) => text.trim());
      if (numbers.some((number) => !known.includes(number))) throw new PbxError(errnos.noSuchExtension);
      const calllist = numbers.map((number) => ({
        number,
        numbercalls: calls.filter((open) => takesPart(open, number)).map(callStatus),
      }));
      return succeedWith({ calllist });
    },
  };
}

function takesPart({ caller, callee }: OpenCall, number: string): boolean {
  return [caller, callee].some((member) => member.type === 'ext' && member.number === number);
}

function callStatus({ callid, caller, callee, phase, heldBy }: OpenCall) {
  const isTalking = phase === 'answered' || phase === 'held';
  const status = (side: 'caller' | 'callee', talking: string, ringing: string): string => {
    if (!isTalking) return ringing;
    return phase === 'held' && heldBy === side ? 'HOLD' : talking;
  };
  return {
    callid,
    members: [
      memberStatus(caller, status('caller', 'ANSWERED', 'ALERT')),
      memberStatus(callee, status('callee', 'ANSWER', 'RING')),
    ],
  };
}

function memberStatus(member: Member, memberstatus: string) {
  const { channelid = '' } = member;
  if (member.type === 'ext') return { ext: { number: member.number, channelid, memberstatus } };
  const { from, to, trunk: trunkname } = member;
  return { [member.type]: { from, to, trunkname, channelid, memberstatus } };
}
