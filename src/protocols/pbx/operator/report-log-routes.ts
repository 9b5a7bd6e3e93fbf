/** Lists reports with their attempts, and delivers one again. */
import { Type } from '@sinclair/typebox';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { listReports, ReportEntry, replayReport, reportStates } from './report-log.ts';
import { type ContextOf, TenantQuery, tags } from './update-model.ts';

const maxPage = 1_000;

const Query = Type.Object(
  {
    ...TenantQuery.properties,
    user: Type.Optional(Type.String()),
    token: Type.Optional(Type.String({ description: 'of the report, or of one of its attempts' })),
    state: Type.Optional(Type.Union(reportStates.map((state) => Type.Literal(state)))),
    after: Type.Optional(Type.String({ description: 'id of a report: the page begins after it' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPage, default: 100 })),
    order: Type.Optional(
      Type.Union([Type.Literal('newest'), Type.Literal('oldest')], {
        description: 'which report comes first; default: the newest',
      }),
    ),
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
          200: Type.Object({
            reports: Type.Array(ReportEntry),
            next: Type.Union([Type.String(), Type.Null()], {
              description: '`after` of the next page; null: this is the last',
            }),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { after, limit = 100, order = 'newest', user, token, state } = request.query;
      const filter = { ...(user && { user }), ...(token && { token }), ...(state && { state }) };
      const all = await listReports(contextOf(request), filter);
      if (order === 'newest') all.reverse();
      const isAfter = ({ id }: ReportEntry): boolean =>
        after === undefined || (order === 'newest' ? id < after : id > after);
      const found = all.filter(isAfter);
      const reports = found.slice(0, limit);
      const next = found.length > limit ? (reports.at(-1)?.id ?? null) : null;
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
