/** Shows and changes the emulated PBX: its extensions and trunks. Every change is reported to the applications. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { Answering } from '../calls/play/answering.ts';
import { Extension, isTaken, Model, readModel, restingStatus, Trunk } from '../model/model.ts';
import type { Report } from '../reports/catalog.ts';
import { type ContextOf, Queued, TenantQuery, tags, updateModel } from './update-model.ts';

const NumberParams = Type.Object({ number: Type.String({ minLength: 1, maxLength: 256 }) });
const NameParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 256 }) });
const ExtensionBody = Type.Omit(Extension, ['number'], { additionalProperties: false });
const TrunkBody = Type.Omit(Trunk, ['name'], { additionalProperties: false });

export function modelRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/model',
    {
      schema: {
        tags,
        operationId: 'readModel',
        querystring: TenantQuery,
        summary: 'Returns the device, extensions and trunks',
        response: { 200: Model, ...failures },
      },
    },
    async (request) => {
      const { store, configuredModel } = contextOf(request);
      return (await readModel(store, configuredModel)).value;
    },
  );
  registerPutExtension(app, contextOf);
  registerDeleteExtension(app, contextOf);
  registerPutTrunk(app, contextOf);
  registerDeleteTrunk(app, contextOf);
  registerPutAnswering(app, contextOf);
}

function registerPutExtension(app: App, contextOf: ContextOf): void {
  app.put(
    '/extensions/:number',
    {
      schema: {
        tags,
        operationId: 'putExtension',
        querystring: TenantQuery,
        summary: 'Adds or changes an extension and reports it',
        params: NumberParams,
        body: ExtensionBody,
        response: { 200: Extension, ...failures },
      },
    },
    async (request) => {
      const {
        params: { number },
        body,
      } = request;
      return updateModel(contextOf(request), async (model) => {
        const before = model.extensions.find((extension) => extension.number === number);
        if (before === undefined && isTaken(model, number))
          throw new OperatorRefusal(409, `number ${number} is an IVR, a queue, a ring group or a conference`);
        const after: Extension = { status: restingStatus(body), ...before, ...body, number };
        const extensions = replaceOrAdd(model.extensions, before, after);
        const reports = extensionReports(before, after);
        return { model: { ...model, extensions }, reports, result: after };
      });
    },
  );
}

function extensionReports(before: Extension | undefined, after: Extension): Report[] {
  const { number: name, status } = after;
  if (before === undefined) return [{ report: 'ConfigChange', type: 'extension', name, operation: 'add' }];
  const isReconfigured = !Value.Equal({ ...before, status: undefined }, { ...after, status: undefined });
  const reports: Report[] = [];
  if (isReconfigured) reports.push({ report: 'ConfigChange', type: 'extension', name, operation: 'update' });
  if (status !== undefined && before.status !== status)
    reports.push({ report: 'ExtensionStatus', extension: name, status });
  return reports;
}

function registerDeleteExtension(app: App, contextOf: ContextOf): void {
  app.delete(
    '/extensions/:number',
    {
      schema: {
        tags,
        operationId: 'removeExtension',
        querystring: TenantQuery,
        summary: 'Deletes an extension and reports it',
        params: NumberParams,
        response: { 200: Queued, ...failures },
      },
    },
    async (request) => {
      const {
        params: { number },
      } = request;
      return updateModel(contextOf(request), async (model) => {
        const extensions = model.extensions.filter((extension) => extension.number !== number);
        if (extensions.length === model.extensions.length)
          throw new OperatorRefusal(404, `extension ${number} does not exist`);
        const report: Report = { report: 'ConfigChange', type: 'extension', name: number, operation: 'del' };
        return { model: { ...model, extensions }, reports: [report], result: { queued: 1 } };
      });
    },
  );
}

function registerPutTrunk(app: App, contextOf: ContextOf): void {
  app.put(
    '/trunks/:name',
    {
      schema: {
        tags,
        operationId: 'putTrunk',
        querystring: TenantQuery,
        summary: 'Adds or changes a trunk and reports it',
        params: NameParams,
        body: TrunkBody,
        response: { 200: Trunk, ...failures },
      },
    },
    async (request) => {
      const {
        params: { name },
        body,
      } = request;
      return updateModel(contextOf(request), async (model) => {
        const before = model.trunks.find((trunk) => trunk.name === name);
        const after: Trunk = { status: 'Registered', ...before, ...body, name };
        const trunks = replaceOrAdd(model.trunks, before, after);
        return { model: { ...model, trunks }, reports: trunkReports(before, after), result: after };
      });
    },
  );
}

function trunkReports(before: Trunk | undefined, after: Trunk): Report[] {
  const { name, status } = after;
  if (before === undefined) return [{ report: 'ConfigChange', type: 'trunk', name, operation: 'add' }];
  const reports: Report[] = [];
  if (before.type !== after.type || before.port !== after.port)
    reports.push({ report: 'ConfigChange', type: 'trunk', name, operation: 'update' });
  if (status !== undefined && before.status !== status)
    reports.push({ report: 'TrunkStatus', trunkname: name, status });
  return reports;
}

function registerDeleteTrunk(app: App, contextOf: ContextOf): void {
  app.delete(
    '/trunks/:name',
    {
      schema: {
        tags,
        operationId: 'removeTrunk',
        querystring: TenantQuery,
        summary: 'Deletes a trunk and reports it',
        params: NameParams,
        response: { 200: Queued, ...failures },
      },
    },
    async (request) => {
      const {
        params: { name },
      } = request;
      return updateModel(contextOf(request), async (model) => {
        const trunks = model.trunks.filter((trunk) => trunk.name !== name);
        if (trunks.length === model.trunks.length)
          throw new OperatorRefusal(404, `trunk ${name} does not exist`);
        const report: Report = { report: 'ConfigChange', type: 'trunk', name, operation: 'del' };
        return { model: { ...model, trunks }, reports: [report], result: { queued: 1 } };
      });
    },
  );
}

const maxAnswering = 1_000;

function registerPutAnswering(app: App, contextOf: ContextOf): void {
  app.put(
    '/answering/:number',
    {
      schema: {
        tags,
        operationId: 'setAnswering',
        querystring: TenantQuery,
        summary: 'Says what a number does when the API dials it',
        params: Type.Object({ number: Type.String({ minLength: 1, maxLength: 64 }) }),
        body: Type.Object({ does: Answering }, { additionalProperties: false }),
        response: { 200: Type.Object({ number: Type.String(), does: Answering }), ...failures },
      },
    },
    async (request) => {
      const {
        params: { number },
        body: { does },
      } = request;
      return updateModel(contextOf(request), async (model) => {
        const entries = Object.entries(model.answering ?? {}).filter(([known]) => known !== number);
        if (entries.length >= maxAnswering)
          throw new OperatorRefusal(409, `${maxAnswering} numbers are set already; reset the server`);
        const answering = Object.fromEntries([...entries, [number, does]]);
        return { model: { ...model, answering }, reports: [], result: { number, does } };
      });
    },
  );
}

function replaceOrAdd<T>(list: readonly T[], before: T | undefined, after: T): T[] {
  return before === undefined ? [...list, after] : list.map((item) => (item === before ? after : item));
}
