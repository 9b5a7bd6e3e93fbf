/** `POST /api/{version}/inbound/query`: the calls that came in on a trunk. */
import { Type } from '@sinclair/typebox';
import {
  endpoint,
  type PbxOperation,
  succeedWith,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';
import type { OpenCall } from './play/call.ts';
import { listCalls } from './play/open-calls.ts';
import { selectCalls, shownState } from './trunk-calls.ts';

const Body = Type.Object({
  /** Ids with commas between them; absent or empty: all. */
  inboundid: Field,
});
const readBody = bodyReader(Body);

const InboundCall = Type.Object({
  inboundid: Type.String(),
  from: Type.String(),
  to: Type.String(),
  trunk: Type.String(),
  status: Type.String(),
  callee: Type.Array(Type.Object({ extid: Type.String() })),
});

export function inboundQuery(context: PbxContext): PbxOperation {
  const { store } = context;
  return {
    name: 'PbxInboundQuery',
    summary: 'Returns calls that came in on a trunk',
    ...endpoint('inbound/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: { 200: successWith({ inbound: Type.Array(InboundCall) }) },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.noSuchCall],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const ids = readBody(call.body)?.get('inboundid');
      const inbound = (await listCalls(store)).flatMap(inboundCall);
      return succeedWith({ inbound: selectCalls(inbound, 'inboundid', ids) });
    },
  };
}

function inboundCall({ caller, callee, phase }: OpenCall) {
  if (caller.type !== 'inbound') return [];
  const { id = '', from, to, trunk } = caller;
  const called = callee.type === 'ext' ? [{ extid: callee.number }] : [];
  return [{ inboundid: id, from, to, trunk, status: shownState({ phase }), callee: called }];
}
