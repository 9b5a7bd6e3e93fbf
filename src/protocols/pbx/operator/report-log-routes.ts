/** Lists reports with their attempts, and delivers one again. */
import { Type } from '@sinclair/typebox';
import { pageOf, pageSchema, timedPageQuery } from '../../kit/operator/page.ts';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { listReports, ReportEntry, replayReport, reportStates } from './report-log.ts';
import { type ContextOf, TenantQuery, tags } from './update-model.ts';

const Query = Type.Object(
  {
    ...TenantQuery.properties,
    user: Type.Optional(Type.String()),
    token: Type.Optional(Type.String({ description: 'of the report, or of one of its attempts' })),
    state: Type.Optional(Type.Union(reportStates.map((state) => Type.Literal(state)))),
    ...timedPageQuery,
    order: Type.Optional({
      ...timedPageQuery.order,
      description: 'which report comes first; default: the newest',
    }),
  },
  { additionalProperties: false },
);

export function reportLogRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/reports',
    {
      schema: {
        tags,
        operationId: 'listReports',
        summary: 'Lists reports with what became of them at each application, and their latest attempts',
        querystring: Query,
        response: {
          200: pageSchema('reports', ReportEntry),
          ...failures,
        },
      },
    },
    async (request) => {
      const { user, token, state, ...page } = request.query;
      const filter = { ...(user && { user }), ...(token && { token }), ...(state && { state }) };
      const items = await listReports(contextOf(request), filter);
      const list = { name: 'reports', items, placeOf: ({ id }: ReportEntry) => [id] };
      const { items: reports, next } = pageOf(list, { order: 'newest', ...page });
      return { reports, next };
    },
  );
  registerReplay(app, contextOf);
}

function registerReplay(app: App, contextOf: ContextOf): void {
  app.post(
    '/reports/:id/replay',
    {
      schema: {
        tags,
        operationId: 'replayReport',
        summary: 'Delivers a report again, to its application or to another one of its user',
        querystring: TenantQuery,
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 202: Type.Object({ replayed: Type.String() }), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      switch (await replayReport(contextOf(request), id)) {
        case 'unknown':
          throw new OperatorRefusal(404, `report ${id} is not known, or no longer`);
        case 'waiting':
          throw new OperatorRefusal(409, `report ${id} is not finished: it is sent without a replay`);
        case 'no-token':
          throw new OperatorRefusal(409, `report ${id}: its user has no live token; log in first`);
        case 'replayed':
          return reply.code(202).send({ replayed: id });
      }
    },
  );
}
