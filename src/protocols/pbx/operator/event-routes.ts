/** Sends reports that an operator writes, and takes over the states in them. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { ExtensionStatus, type Model, withExtensionStatus, withTrunkStatus } from '../model/model.ts';
import { isReport, type Report, reportSchema } from '../reports/catalog.ts';
import { type ContextOf, Queued, TenantQuery, tags, updateModel } from './update-model.ts';

const maxReports = 100;
const maxShownLength = 200;

export function eventRoutes(app: App, contextOf: ContextOf): void {
  app.post(
    '/events',
    {
      schema: {
        tags,
        operationId: 'sendEvents',
        querystring: TenantQuery,
        summary: 'Sends a report, or several in order, to all live applications',
        body: Type.Unknown({ description: 'a report, or an array of reports' }),
        response: { 202: Queued, ...failures },
      },
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { body } = request;
      const values: readonly unknown[] = Array.isArray(body) ? body : [body];
      if (values.length > maxReports) throw new OperatorRefusal(400, `more than ${maxReports} reports`);
      const reports = values.map(parseReport);
      await updateModel(contextOf(request), async (model) => ({
        model: afterReports(model, reports),
        reports,
        result: undefined,
      }));
      return reply.code(202).send({ queued: reports.length });
    },
  );
}

/** Throws OperatorRefusal that names what is wrong with the report. */
export function parseReport(value: unknown): Report {
  if (isReport(value)) return value;
  const name = (value as { report?: unknown } | null)?.report;
  const schema = typeof name === 'string' ? reportSchema(name) : undefined;
  if (schema === undefined) {
    // Not every JSON value has a short text.
    const shown = typeof name === 'string' ? name.slice(0, maxShownLength) : typeof name;
    throw new OperatorRefusal(400, `report: unknown report "${shown}"`);
  }
  const first = Value.Errors(schema, value).First();
  throw new OperatorRefusal(400, `${first?.path ?? ''}: ${first?.message ?? 'invalid value'}`);
}

/** Returns the model with the states that reports carry: queries return them from then on. */
function afterReports(model: Model, reports: readonly Report[]): Model {
  let after = model;
  for (const report of reports) {
    if (report.report === 'ExtensionStatus') {
      const { extension, status } = report;
      const isKnown = model.extensions.some(({ number }) => number === extension);
      if (isKnown && Value.Check(ExtensionStatus, status))
        after = withExtensionStatus(after, extension, status);
    } else if (report.report === 'TrunkStatus') {
      const { trunkname, status } = report;
      if (model.trunks.some(({ name }) => name === trunkname))
        after = withTrunkStatus(after, trunkname, status);
    }
  }
  return after;
}
