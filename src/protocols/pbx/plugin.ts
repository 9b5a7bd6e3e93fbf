/** The PBX API (OpenVox, Yeastar) as a protocol: its table of operations, its operator routes and the delivery of reports. */
import { dispatch } from '../kit/dispatch.ts';
import type { Protocol, ProtocolContext, ProtocolModule } from '../kit/protocol.ts';
import { applicationActors } from './actors/application-actor.ts';
import { makePbxContext } from './api/context.ts';
import { makeDialect } from './api/dialect.ts';
import type { PbxSettings } from './configuration.ts';
import { makeDeliveries } from './delivery/service.ts';
import { listDeliveries } from './operator/delivery-view.ts';
import { explain } from './operator/explain.ts';
import { operatorRoutes } from './operator/operator-routes.ts';
import { gaugeQueues } from './queues/queue-gauge.ts';
import { pbxEventTypes, pbxReader } from './reader.ts';
import { reportNames } from './reports/catalog.ts';
import { pbxSettings } from './settings.ts';
import { inTenants } from './tenants/in-tenants.ts';
import { makeTenants } from './tenants/tenants.ts';

export const pbx = {
  name: 'pbx',
  title: 'PBX',
  settings: pbxSettings,
  create,
} satisfies ProtocolModule<typeof pbxSettings>;

function create(protocolContext: ProtocolContext, settings: PbxSettings): Protocol {
  const { registry } = protocolContext;
  const context = makePbxContext(protocolContext, settings);
  const tenants = makeTenants({ context, startDelivery: makeDeliveries(context, registry) });
  const dispatched = dispatch({
    dialect: makeDialect(settings),
    operations: inTenants(tenants),
    interceptor: protocolContext.interceptor,
  });
  return {
    ...dispatched,
    reader: pbxReader,
    eventTypes: pbxEventTypes,
    messageNames: reportNames,
    actors: applicationActors({
      receivers: context.receivers,
      tokenTtlSeconds: settings.pbxTokenTtlSeconds,
    }),
    time: {
      tenants: () => tenants.all().map((one) => one.context.store.tenant),
      nextMs: (tenant) => tenants.begun(tenant)?.delivery?.nextMs(),
      settle: async (tenant) => tenants.begun(tenant)?.delivery?.settle(),
      isActive: (tenant) => tenants.begun(tenant)?.delivery?.isActive === true,
    },
    explain: (subject, evidence) => explain(tenants.get(subject.tenant).context, subject, evidence),
    operatorRoutes: (app) => operatorRoutes(app, tenants),
    async routes(app) {
      context.ownAddress.listen(app);
      app.addHook('onReady', async () => tenants.start());
      app.addHook('preClose', () => tenants.stop());
      app.addHook('onClose', async () => tenants.close());
      gaugeQueues(registry, async () =>
        (await Promise.all(tenants.all().map((one) => listDeliveries(one.context)))).flat(),
      );
      await dispatched.routes(app);
    },
  };
}
