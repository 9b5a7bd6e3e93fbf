/** `POST /api/{version}/outbound/query`: the calls that left by a trunk. */
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
  outboundid: Field,
});
const readBody = bodyReader(Body);

const OutboundCall = Type.Object({
  outboundid: Type.String(),
  from: Type.String(),
  to: Type.String(),
  trunk: Type.String(),
  status: Type.String(),
});

export function outboundQuery(context: PbxContext): PbxOperation {
  const { store } = context;
  return {
    name: 'PbxOutboundQuery',
    summary: 'Returns calls that left by a trunk',
    ...endpoint('outbound/query'),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: { 200: successWith({ outbound: Type.Array(OutboundCall) }) },
    },
    errors: [...tokenErrors, ...bodyErrors, errnos.noSuchCall],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const ids = readBody(call.body)?.get('outboundid');
      const outbound = (await listCalls(store)).flatMap(outboundCall);
      return succeedWith({ outbound: selectCalls(outbound, 'outboundid', ids) });
    },
  };
}

function outboundCall({ callee, phase }: OpenCall) {
  if (callee.type !== 'outbound') return [];
  const { id = '', from, to, trunk } = callee;
  return [{ outboundid: id, from, to, trunk, status: shownState({ phase }) }];
}
