/** The PBX API (OpenVox, Yeastar) as a protocol: its table of operations, its operator routes and the delivery of reports. */
import { dispatch } from '../kit/dispatch.ts';
import type { Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { applicationActors } from './actors/application-actor.ts';
import { makePbxContext } from './api/context.ts';
import { makeDialect } from './api/dialect.ts';
import { pbxOperations } from './api/operations.ts';
import type { PbxSettings } from './configuration.ts';
import { gaugeQueues } from './delivery/queue-gauge.ts';
import { deliverReports } from './delivery/service.ts';
import { listDeliveries } from './operator/delivery-view.ts';
import { explain } from './operator/explain.ts';
import { operatorRoutes } from './operator/operator-routes.ts';
import { pbxReader } from './reader.ts';
import { pbxSettings } from './settings.ts';
import { tenant } from './tenant.ts';

export const pbx = {
  name: 'pbx',
  title: 'PBX',
  settings: pbxSettings,
  create,
} satisfies ProtocolModule<typeof pbxSettings>;

function create(protocolContext: ProtocolContext, settings: PbxSettings): Protocol {
  const context = makePbxContext(protocolContext, settings);
  const dispatched = dispatch({
    dialect: makeDialect(settings),
    operations: pbxOperations(context),
    interceptor: protocolContext.interceptor,
  });
  let delivery: ReturnType<typeof deliverReports> | undefined;
  return {
    ...dispatched,
    reader: pbxReader,
    actors: applicationActors({
      receivers: context.receivers,
      tokenTtlSeconds: settings.pbxTokenTtlSeconds,
    }),
    time: {
      tenants: () => [tenant],
      nextMs: () => delivery?.nextMs(),
      settle: async () => delivery?.settle(),
    },
    explain: (subject, evidence) => explain(context, subject, evidence),
    operatorRoutes: (app) => operatorRoutes(app, context),
    async routes(app) {
      delivery = deliverReports(app, context, protocolContext.registry);
      gaugeQueues(protocolContext.registry, () => listDeliveries(context));
      app.addHook('onClose', async () => context.tokens.stop());
      await dispatched.routes(app);
    },
  };
}
