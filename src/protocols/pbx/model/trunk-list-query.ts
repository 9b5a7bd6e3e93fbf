/** `POST /api/{version}/trunklist/query`, in v2.0.0 `trunk/list`: all trunks. */
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
import { bodyErrors, tokenErrors } from '../api/errors.ts';
import { checkBody } from '../api/parameters.ts';
import { authorize } from '../users/authorize.ts';
import { readModel, type Trunk } from './model.ts';

const ListedTrunk = Type.Object({
  trunkname: Type.String(),
  status: Type.String(),
  type: Type.String(),
  port: Type.Optional(Type.String()),
});

export function trunkListQuery(context: PbxContext): PbxOperation {
  return listTrunks(context, 'PbxTrunkListQuery', 'trunklist/query');
}

export function trunkList(context: PbxContext): PbxOperation {
  return listTrunks(context, 'PbxTrunkList', 'trunk/list');
}

function listTrunks(context: PbxContext, name: string, path: string): PbxOperation {
  const { store, configuredModel } = context;
  return {
    name,
    summary: 'Lists all trunks with their states',
    ...endpoint(path),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      replies: { 200: successWith({ trunklist: Type.Array(ListedTrunk) }) },
    },
    errors: [...tokenErrors, ...bodyErrors],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'trunks');
      checkBody(call.body);
      const { value: model } = await readModel(store, configuredModel);
      return succeedWith({ trunklist: model.trunks.map(listedTrunk) });
    },
  };
}

function listedTrunk({ name, status = 'Registered', type = 'SIP', port }: Trunk) {
  return { trunkname: name, status, type, ...(port === undefined ? {} : { port }) };
}
