/** The queries about trunks: `trunklist/query`, in v2.0.0 `trunk/list`, and the settings of SIP trunks. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { selectNamed } from '../api/select.ts';
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
  return authorizedCall(context, {
    name,
    summary: 'Lists all trunks with their states',
    path,
    permission: 'trunks',
    reply: { trunklist: Type.Array(ListedTrunk) },
    async run() {
      const { value: model } = await readModel(store, configuredModel);
      return succeedWith({ trunklist: model.trunks.map(listedTrunk) });
    },
  });
}

function listedTrunk({ name, status = 'Registered', type = 'SIP', port }: Trunk) {
  return { trunkname: name, status, type, ...(port === undefined ? {} : { port }) };
}

/** "Query SIP Trunk Settings" of S-Series API v1.1.0: trunks are found by name. */
export function sipTrunkQuery(context: PbxContext): PbxOperation {
  return querySipTrunks(context, {
    name: 'PbxSiptrunkQuery',
    path: 'siptrunk/query',
    by: 'trunkname',
    key: ({ trunkname }) => trunkname,
  });
}

/** The same in v2.0.0: trunks are found by id. */
export function trunkQuerySipTrunk(context: PbxContext): PbxOperation {
  return querySipTrunks(context, {
    name: 'PbxTrunkQuerySiptrunk',
    path: 'trunk/query_siptrunk',
    by: 'id',
    key: ({ id }) => id,
  });
}

type SipTrunk = ReturnType<typeof sipTrunkInfo>;

interface SipTrunkQuery {
  readonly name: string;
  readonly path: string;
  readonly by: string;
  key(trunk: SipTrunk): string;
}

function querySipTrunks(context: PbxContext, { by, key, ...rest }: SipTrunkQuery): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    ...rest,
    summary: 'Returns the settings of SIP trunks',
    permission: 'trunks',
    required: [by],
    reply: { trunks: Type.Array(Type.Record(Type.String(), Type.String())) },
    async run(parameters) {
      const { value: model } = await readModel(store, configuredModel);
      const all = model.trunks
        .map(sipTrunkInfo)
        .filter((_, at) => (model.trunks[at]?.type ?? 'SIP') === 'SIP');
      // No document has an error for an unknown trunk: it is left out.
      const trunks = selectNamed(all, { asked: parameters.get(by), name: key });
      return succeedWith({ trunks });
    },
  });
}

/** The id is the trunk's place in the model. The emulated PBX has no registration of its own: a peer trunk. */
function sipTrunkInfo({ name, host = '', port = '5060' }: Trunk, at: number) {
  return {
    id: String(at + 1),
    trunkname: name,
    trunktype: 'peer',
    host,
    port,
    domain: host,
    extensionsdod: '',
    extensionsgroupdod: '',
  };
}
