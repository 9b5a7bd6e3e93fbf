/** `inroute/query`: the inbound routes. v1.1.0 finds them by `name`, v2.0.0 by `id`. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { selectNamed } from '../api/select.ts';
import { type InboundRoute, readModel } from './model.ts';

export function inboundRouteQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    name: 'PbxInrouteQuery',
    summary: 'Returns the settings of inbound routes',
    path: 'inroute/query',
    permission: 'trunks',
    parameters: ['name', 'id'],
    reply: { inroutes: Type.Array(Type.Record(Type.String(), Type.String())) },
    async run(parameters) {
      const { value: model } = await readModel(store, configuredModel);
      const id = parameters.get('id');
      // No document has an error for an unknown route: it is left out.
      const inroutes = selectNamed((model.inboundRoutes ?? []).map(routeInfo), {
        asked: id ?? parameters.get('name'),
        name: (route) => (id === undefined ? route.name : route.id),
      });
      return succeedWith({ inroutes });
    },
  });
}

/** The id is the route's place in the model. */
function routeInfo(
  { name, did = '', callerid = '', trunks = [], desttype, dest = '' }: InboundRoute,
  at: number,
) {
  return { id: String(at + 1), name, did, caller_id: callerid, trunks: trunks.join(','), desttype, dest };
}
