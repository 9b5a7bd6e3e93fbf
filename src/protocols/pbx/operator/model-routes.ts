/** The emulated PBX itself: its extensions and trunks, shown and changed. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { App } from '../../kit/protocol.ts';
import { Extension, readModel, restingStatus, Trunk } from '../model/model.ts';
import type { Report } from '../reports/reports.ts';
import { change, failures, type OperatorContext, Queued, Refused, tags } from './operator-context.ts';

export function modelRoutes(app: App, context: OperatorContext): void {
  const { store, configured } = context;

  app.get('/model', { schema: { tags } }, async () => (await readModel(store, configured)).model);

  const Numbered = Type.Object({ number: Type.String({ minLength: 1, maxLength: 256 }) });
  app.put(
    '/extensions/:number',
    {
      schema: {
        tags,
        summary: 'Adds an extension or changes it; its applications hear of it',
        params: Numbered,
        body: Type.Omit(Extension, ['number'], { additionalProperties: false }),
        response: { 200: Extension, ...failures },
      },
    },
    async (request) =>
      change(context, async (model) => {
        const { number } = request.params;
        const before = model.extensions.find((known) => known.number === number);
        const after: Extension = { status: restingStatus(request.body), ...before, ...request.body, number };
        const extensions =
          before === undefined
            ? [...model.extensions, after]
            : model.extensions.map((known) => (known === before ? after : known));
        const { status, ...rest } = after;
        const isReconfigured =
          before === undefined ||
          !Value.Equal({ ...before, status: undefined }, { ...rest, status: undefined });
        const reports: Report[] = [];
        if (isReconfigured)
          reports.push({
            report: 'ConfigChange',
            type: 'extension',
            name: number,
            operation: before === undefined ? 'add' : 'update',
          });
        if (before !== undefined && status !== undefined && before.status !== status)
          reports.push({ report: 'ExtensionStatus', extension: number, status });
        return { model: { ...model, extensions }, reports, answer: after };
      }),
  );
  app.delete(
    '/extensions/:number',
    { schema: { tags, params: Numbered, response: { 200: Queued, ...failures } } },
    async (request) =>
      change(context, async (model) => {
        const { number } = request.params;
        const extensions = model.extensions.filter((known) => known.number !== number);
        if (extensions.length === model.extensions.length)
          throw new Refused(404, `there is no extension ${number}`);
        const reports: Report[] = [
          { report: 'ConfigChange', type: 'extension', name: number, operation: 'del' },
        ];
        return { model: { ...model, extensions }, reports, answer: { queued: 1 } };
      }),
  );

  const NamedTrunk = Type.Object({ name: Type.String({ minLength: 1, maxLength: 256 }) });
  app.put(
    '/trunks/:name',
    {
      schema: {
        tags,
        summary: 'Adds a trunk or changes it; its applications hear of it',
        params: NamedTrunk,
        body: Type.Omit(Trunk, ['name'], { additionalProperties: false }),
        response: { 200: Trunk, ...failures },
      },
    },
    async (request) =>
      change(context, async (model) => {
        const { name } = request.params;
        const before = model.trunks.find((known) => known.name === name);
        const after: Trunk = { status: 'Registered', ...before, ...request.body, name };
        const trunks =
          before === undefined
            ? [...model.trunks, after]
            : model.trunks.map((known) => (known === before ? after : known));
        const { status } = after;
        const isReconfigured =
          before === undefined || before.type !== after.type || before.port !== after.port;
        const reports: Report[] = [];
        if (isReconfigured)
          reports.push({
            report: 'ConfigChange',
            type: 'trunk',
            name,
            operation: before === undefined ? 'add' : 'update',
          });
        if (before !== undefined && status !== undefined && before.status !== status)
          reports.push({ report: 'TrunkStatus', trunkname: name, status });
        return { model: { ...model, trunks }, reports, answer: after };
      }),
  );
  app.delete(
    '/trunks/:name',
    { schema: { tags, params: NamedTrunk, response: { 200: Queued, ...failures } } },
    async (request) =>
      change(context, async (model) => {
        const { name } = request.params;
        const trunks = model.trunks.filter((known) => known.name !== name);
        if (trunks.length === model.trunks.length) throw new Refused(404, `there is no trunk ${name}`);
        const reports: Report[] = [{ report: 'ConfigChange', type: 'trunk', name, operation: 'del' }];
        return { model: { ...model, trunks }, reports, answer: { queued: 1 } };
      }),
  );
}
