/** Shows where reports go, what waits there, and what operators should know about it; sends test reports. */
import { Type } from '@sinclair/typebox';
import { pageOf, pageQuery, pageSchema, timedPageQuery } from '../../kit/operator/page.ts';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { Diagnostic, type ListedDiagnostic, listDiagnostics } from '../delivery/diagnostics.ts';
import { lastAttempt, verdictOf } from '../delivery/verdict.ts';
import { readModel } from '../model/model.ts';
import { LastAttempt } from '../queues/stored-queue.ts';
import { type Report, renderReport } from '../reports/catalog.ts';
import { shapeOf } from '../reports/shape-of.ts';
import { maxTokenLength, parseCallback } from '../tokens/token.ts';
import { DeliveryView, listDeliveries } from './delivery-view.ts';
import { parseReport } from './event-routes.ts';
import { type ContextOf, TenantQuery, tags } from './update-model.ts';

export function deliveryRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        operationId: 'listDeliveries',
        querystring: Type.Object({ ...TenantQuery.properties, ...pageQuery }),
        summary: 'Lists the callbacks of live tokens by user and URL, and the reports that wait for them',
        response: { 200: pageSchema('deliveries', DeliveryView), ...failures },
      },
    },
    async (request) => {
      const items = await listDeliveries(contextOf(request));
      const list = { name: 'deliveries', items, placeOf: ({ user, url }: DeliveryView) => [user, url] };
      const { items: deliveries, next } = pageOf(list, request.query);
      return { deliveries, next };
    },
  );
  app.get(
    '/diagnostics',
    {
      schema: {
        tags,
        operationId: 'listDiagnostics',
        querystring: Type.Object({ ...TenantQuery.properties, ...timedPageQuery }),
        summary: 'Lists refused callbacks and problems of deliveries, the newest first',
        response: { 200: pageSchema('diagnostics', Diagnostic), ...failures },
      },
    },
    async (request) => {
      const items = await listDiagnostics(contextOf(request).store);
      const list = { name: 'diagnostics', items, placeOf: ({ place }: ListedDiagnostic) => [place] };
      const { items: listed, next } = pageOf(list, { order: 'newest', ...request.query });
      return { diagnostics: listed.map(({ diagnostic }) => diagnostic), next };
    },
  );
  registerTestReport(app, contextOf);
}

const TestResult = Type.Object({
  url: Type.String({ description: 'where the report was sent' }),
  body: Type.String({ description: 'the report in the shape of the application' }),
  delivered: Type.Boolean(),
  attempt: LastAttempt,
  reply: Type.Optional(Type.String({ description: 'the first KiB of the body of the reply' })),
});

/** One attempt beside the queue: it is not repeated, does not renew the token, and changes nothing of what waits. */
function registerTestReport(app: App, contextOf: ContextOf): void {
  app.post(
    '/deliveries/test',
    {
      schema: {
        tags,
        operationId: 'sendTestReport',
        querystring: TenantQuery,
        summary: 'Sends one report to the callback of a token at once, and returns what became of it',
        body: Type.Object(
          {
            token: Type.String({ minLength: 1, maxLength: maxTokenLength }),
            report: Type.Optional(Type.Unknown({ description: 'a report; absent: BootUp' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: TestResult, ...failures },
      },
    },
    async (request) => {
      const context = contextOf(request);
      const { store, configuredModel, wallMs } = context;
      const { token, report = { report: 'BootUp' } } = request.body;
      const parsed: Report = parseReport(report);
      const [user] = await store.groupsOf({ tenant: store.tenant, holder: token });
      const lease =
        user === undefined ? null : await store.read({ tenant: store.tenant, group: user, holder: token });
      if (lease === null) throw new OperatorRefusal(404, 'the token is not live');
      const { callback: url, version, peer = '' } = parseCallback(lease.data);
      const { value: model } = await readModel(store, configuredModel);
      const body = renderReport(parsed, shapeOf(version), model.device.sn);
      if (body === undefined)
        throw new OperatorRefusal(
          400,
          `report: version "${version}" of the application has no ${parsed.report}`,
        );
      const result = await context.send(url, body, peer).result;
      return {
        url,
        body,
        delivered: verdictOf(result) === 'delivered',
        attempt: lastAttempt(result, wallMs()),
        ...(result.kind === 'replied' ? { reply: result.excerpt } : {}),
      };
    },
  );
}
