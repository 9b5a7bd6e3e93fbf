/**
 * The PBX to play with: reports that are sent because somebody says so, calls, extensions and trunks; and what became of
 * deliveries and logins. Under `/_heartbeatd/pbx`.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { Value } from '@sinclair/typebox/value';
import type { DocumentWrite, Store } from '../../store/store.ts';
import type { App } from '../protocol.ts';
import { CallRefused, NewCall, OpenCall, openCall, playStep, Step } from './calls.ts';
import { DeadLetter, listDeadLetters, replayDeadLetters } from './dead-letters.ts';
import { listLines } from './lines.ts';
import type { LoginFailures } from './login-failures.ts';
import {
  Extension,
  type Model,
  readModel,
  restingStatus,
  Trunk,
  withExtensionStatus,
  withTrunkStatus,
  writeModel,
} from './model.ts';
import { listNotes, Note } from './notes.ts';
import { listCalls, readCall, writeCall } from './open-calls.ts';
import { enqueueReports, newestReport } from './report-queue.ts';
import { Report } from './reports.ts';
import { listTokens } from './tokens.ts';

export interface OperatorContext {
  readonly store: Store;
  /** What the model is until somebody changes it. */
  readonly configured: Model;
  readonly failures: LoginFailures;
  readonly queueLength: number;
  wallMs(): number;
  randomBytes(size: number): Buffer;
}

/** Answered with its status and message. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

const maxAtOnce = 100;
const maxOpenCalls = 1_000;
const attemptsAtOnce = 20;

const Failure = Type.Object({ error: Type.String() });
const failures = { 400: Failure, 401: Failure, 404: Failure, 409: Failure, 503: Failure };
const Queued = Type.Object({ queued: Type.Integer({ description: 'reports' }) });
const Steps = Type.Array(Type.Union([Step, Type.String({ description: 'its name: "ring", "answer"' })]), {
  maxItems: maxAtOnce,
});
const CallState = Type.Object({
  callid: Type.String(),
  open: Type.Boolean(),
  reports: Type.Integer({ description: 'reports that this made' }),
});
const wholeCall: readonly Step[] = [{ step: 'ring' }, { step: 'answer' }, { step: 'hangup' }];

/** A report as somebody wrote it. Throws Refused saying what is wrong with it. */
function readReport(value: unknown): Report {
  if (Value.Check(Report, value)) return value;
  const name = (value as { report?: unknown } | null)?.report;
  const variant = Report.anyOf.find((schema) => Value.Check(schema.properties.report, name));
  if (variant === undefined) throw new Refused(400, `report: there is no report "${String(name)}"`);
  const first = Value.Errors(variant, value).First();
  throw new Refused(400, `${first?.path ?? ''}: ${first?.message ?? 'unreadable'}`);
}

/** A step as somebody wrote it. Throws Refused saying what is wrong with it. */
function readStep(value: unknown): Step {
  const step = typeof value === 'string' ? { step: value } : value;
  if (Value.Check(Step, step)) return step;
  throw new Refused(400, `steps: ${JSON.stringify(value)?.slice(0, 200)} is no step`);
}

function compileOnUse(schema: TSchema) {
  let compiled: TypeCheck<TSchema> | undefined;
  return (value: unknown): { value: unknown } | { error: Error } => {
    compiled ??= TypeCompiler.Compile(schema);
    if (compiled.Check(value)) return { value };
    const first = compiled.Errors(value).First();
    return { error: new Error(`${first?.path ?? ''}: ${first?.message ?? 'unreadable'}`) };
  };
}

/** Registers the routes; the prefix is the caller's. */
export async function operatorRoutes(app: App, context: OperatorContext): Promise<void> {
  const { store, configured, queueLength } = context;
  const tags = ['operator'];
  // Compiled when first used, and answers not at all: a server begins to answer sooner.
  app.setValidatorCompiler(({ schema }) => compileOnUse(schema as TSchema));
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));

  /** Reads the model, changes it, and writes it with the reports of the change in one step; again if it moved meanwhile. */
  const change = async <T>(
    make: (model: Model) => Promise<{
      readonly model: Model;
      readonly reports: readonly Report[];
      readonly writes?: readonly DocumentWrite[];
      readonly answer: T;
    }>,
  ): Promise<T> => {
    for (let attempt = 0; attempt < attemptsAtOnce; attempt += 1) {
      const { model, version } = await readModel(store, configured);
      const made = await make(model);
      const writes = [
        ...(made.model === model ? [] : [writeModel(made.model, version)]),
        ...(made.writes ?? []),
      ];
      const happening = { keepEntries: queueLength, atMs: context.wallMs(), serial: made.model.device.sn };
      if (await enqueueReports(store, made.reports, happening, writes)) return made.answer;
    }
    throw new Refused(409, 'others change the same at the same time');
  };

  app.post(
    '/events',
    {
      schema: {
        tags,
        summary: 'Sends a report, or several in order, to all live applications',
        body: Type.Unknown({ description: 'a report, or an array of them' }),
        response: { 202: Queued, ...failures },
      },
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { body } = request;
      const given: readonly unknown[] = Array.isArray(body) ? body : [body];
      if (given.length > maxAtOnce) throw new Refused(400, `more than ${maxAtOnce} reports at once`);
      const reports = given.map(readReport);
      await change(async (model) => ({ model: afterReports(model, reports), reports, answer: undefined }));
      return reply.code(202).send({ queued: reports.length });
    },
  );

  const play = async (
    model: Model,
    call: OpenCall,
    version: number,
    steps: readonly Step[],
  ): Promise<{
    model: Model;
    reports: Report[];
    writes: DocumentWrite[];
    answer: Static<typeof CallState>;
  }> => {
    let state: { call: OpenCall | undefined; model: Model } = { call, model };
    const reports: Report[] = [];
    for (const step of steps) {
      if (state.call === undefined) throw new Refused(400, `the call is over before "${step.step}"`);
      try {
        const played = playStep(state.model, state.call, step);
        reports.push(...played.reports);
        state = played;
      } catch (error) {
        throw error instanceof CallRefused ? new Refused(409, error.message) : error;
      }
    }
    return {
      model: state.model,
      reports,
      writes: [writeCall(call.callid, state.call, version)],
      answer: { callid: call.callid, open: state.call !== undefined, reports: reports.length },
    };
  };

  app.post(
    '/calls',
    {
      schema: {
        tags,
        summary: 'Plays a call; without steps: it rings, is answered, and ends',
        body: Type.Composite([NewCall, Type.Object({ steps: Type.Optional(Steps) })], {
          additionalProperties: false,
        }),
        response: { 201: CallState, ...failures },
      },
    },
    async (request, reply) => {
      const { steps: given, ...call } = request.body;
      const steps = given === undefined ? wholeCall : given.map(readStep);
      if ((await listCalls(store)).length >= maxOpenCalls)
        throw new Refused(409, `${maxOpenCalls} calls are open`);
      const answer = await change(async (model) => {
        const startedMs = context.wallMs();
        const counter = context.randomBytes(3).readUIntBE(0, 3);
        try {
          const callid = `${Math.floor(startedMs / 1_000)}.${counter}`;
          return await play(model, openCall(model, call, callid, startedMs), 0, steps);
        } catch (error) {
          throw error instanceof CallRefused ? new Refused(400, error.message) : error;
        }
      });
      return reply.code(201).send(answer);
    },
  );

  app.get(
    '/calls',
    { schema: { tags, response: { 200: Type.Object({ calls: Type.Array(OpenCall) }), ...failures } } },
    async () => ({ calls: await listCalls(store) }),
  );

  app.post(
    '/calls/:callid',
    {
      schema: {
        tags,
        summary: 'Goes on with a call that is open',
        params: Type.Object({ callid: Type.String() }),
        body: Type.Object({ steps: Steps }, { additionalProperties: false }),
        response: { 200: CallState, ...failures },
      },
    },
    async (request) => {
      const steps = request.body.steps.map(readStep);
      return change(async (model) => {
        const { callid } = request.params;
        const open = await readCall(store, callid);
        if (open === undefined) throw new Refused(404, `no call ${callid} is open`);
        return play(model, open.call, open.version, steps);
      });
    },
  );

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
      change(async (model) => {
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
      change(async (model) => {
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
      change(async (model) => {
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
      change(async (model) => {
        const { name } = request.params;
        const trunks = model.trunks.filter((known) => known.name !== name);
        if (trunks.length === model.trunks.length) throw new Refused(404, `there is no trunk ${name}`);
        const reports: Report[] = [{ report: 'ConfigChange', type: 'trunk', name, operation: 'del' }];
        return { model: { ...model, trunks }, reports, answer: { queued: 1 } };
      }),
  );

  const Delivery = Type.Object({
    user: Type.String(),
    tokens: Type.Array(Type.String()),
    url: Type.String({ description: 'where reports go' }),
    given: Type.Object(
      { ipaddr: Type.String(), port: Type.Integer(), url: Type.String(), urltag: Type.String() },
      { description: 'what the application said' },
    ),
    version: Type.String(),
    waiting: Type.Integer({ description: 'reports that were not delivered yet' }),
    attempts: Type.Integer({ description: 'at the next one' }),
    last: Type.Optional(
      Type.Object({
        what: Type.String({ description: 'what the latest attempt came to' }),
        atMs: Type.Number({ description: 'wall time, ms since 1970' }),
      }),
    ),
  });
  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        summary: 'Where reports go, and what waits there',
        response: { 200: Type.Object({ deliveries: Type.Array(Delivery) }), ...failures },
      },
    },
    async () => {
      const [tokens, lines, newest] = await Promise.all([
        listTokens(store),
        listLines(store),
        newestReport(store),
      ]);
      const byUrl = new Map([...lines.values()].map((line) => [`${line.user}\n${line.url}`, line]));
      const deliveries = new Map<string, Static<typeof Delivery>>();
      for (const { user, token, callback } of tokens) {
        const name = `${user}\n${callback.callback}`;
        const known = deliveries.get(name);
        if (known !== undefined) {
          known.tokens.push(token);
          continue;
        }
        const line = byUrl.get(name);
        const { ipaddr, port, url, urltag } = callback;
        const cursor = Math.max(line?.cursor ?? 0, callback.since ?? 0);
        deliveries.set(name, {
          user,
          tokens: [token],
          url: callback.callback,
          given: { ipaddr, port, url, urltag },
          version: callback.version,
          waiting: Math.max(0, Math.min(newest - cursor, queueLength)),
          attempts: line?.attempts ?? 0,
          ...(line?.last === undefined ? {} : { last: line.last }),
        });
      }
      return { deliveries: [...deliveries.values()] };
    },
  );

  app.get(
    '/notes',
    {
      schema: {
        tags,
        summary: 'What went otherwise than an application may expect, newest last',
        response: { 200: Type.Object({ notes: Type.Array(Note) }), ...failures },
      },
    },
    async () => ({ notes: await listNotes(store) }),
  );

  app.get(
    '/dead-letters',
    {
      schema: {
        tags,
        summary: 'Reports that were tried as often as they may be, in the order in which they happened',
        response: {
          200: Type.Object({
            deadLetters: Type.Array(Type.Composite([Type.Object({ key: Type.String() }), DeadLetter])),
          }),
          ...failures,
        },
      },
    },
    async () => ({
      deadLetters: [...(await listDeadLetters(store))].map(([key, letter]) => ({ key, ...letter })),
    }),
  );

  app.post(
    '/dead-letters/replay',
    {
      schema: {
        tags,
        summary:
          'Sends dead letters again, to where their applications are now, if they are logged in; without keys: all',
        body: Type.Object(
          { keys: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 1_000 })) },
          { additionalProperties: false },
        ),
        response: { 202: Type.Object({ replayed: Type.Array(Type.String()) }), ...failures },
      },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request, reply) => {
      const keys = request.body.keys ?? [...(await listDeadLetters(store)).keys()];
      return reply.code(202).send({ replayed: await replayDeadLetters(store, keys) });
    },
  );

  app.get(
    '/login-failures',
    {
      schema: {
        tags,
        summary: 'Addresses that failed to log in lately, and whether they are locked out',
        response: {
          200: Type.Object({
            loginFailures: Type.Array(
              Type.Object({ address: Type.String(), failures: Type.Integer(), locked: Type.Boolean() }),
            ),
          }),
          ...failures,
        },
      },
    },
    async () => ({ loginFailures: await context.failures.list() }),
  );
  app.delete(
    '/login-failures/:address',
    {
      schema: { tags, summary: 'Lets an address try again', params: Type.Object({ address: Type.String() }) },
    },
    async (request, reply) => {
      await context.failures.forget(request.params.address);
      return reply.code(204).send();
    },
  );
}

/** A report of a state is that state: queries answer it from then on. */
function afterReports(model: Model, reports: readonly Report[]): Model {
  let after = model;
  for (const report of reports) {
    if (report.report === 'ExtensionStatus') {
      const { extension, status } = report;
      if (!model.extensions.some(({ number }) => number === extension)) continue;
      if (Value.Check(Extension.properties.status, status))
        after = withExtensionStatus(after, extension, status);
    } else if (
      report.report === 'TrunkStatus' &&
      model.trunks.some(({ name }) => name === report.trunkname)
    ) {
      after = withTrunkStatus(after, report.trunkname, report.status);
    }
  }
  return after;
}
