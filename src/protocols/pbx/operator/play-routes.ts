/** The PBX to play with: reports that are sent because somebody says so, and calls. */
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { DocumentWrite } from '../../../store/store.ts';
import type { App } from '../../kit/protocol.ts';
import { CallRefused, NewCall, OpenCall, openCall, playStep, Step } from '../calls/calls.ts';
import { listCalls, readCall, writeCall } from '../calls/open-calls.ts';
import { Extension, type Model, withExtensionStatus, withTrunkStatus } from '../model/model.ts';
import { Report } from '../reports/reports.ts';
import { change, failures, type OperatorContext, Queued, Refused, tags } from './operator-context.ts';

const maxAtOnce = 100;
const maxOpenCalls = 1_000;

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
  if (variant === undefined) {
    // Not everything that JSON can say has a text of its own.
    const said = typeof name === 'string' ? name.slice(0, 200) : typeof name;
    throw new Refused(400, `report: there is no report "${said}"`);
  }
  const first = Value.Errors(variant, value).First();
  throw new Refused(400, `${first?.path ?? ''}: ${first?.message ?? 'unreadable'}`);
}

/** A step as somebody wrote it. Throws Refused saying what is wrong with it. */
function readStep(value: unknown): Step {
  const step = typeof value === 'string' ? { step: value } : value;
  if (Value.Check(Step, step)) return step;
  throw new Refused(400, `steps: ${JSON.stringify(value)?.slice(0, 200)} is no step`);
}

export function playRoutes(app: App, context: OperatorContext): void {
  const { store } = context;

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
      await change(context, async (model) => ({
        model: afterReports(model, reports),
        reports,
        answer: undefined,
      }));
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
      const answer = await change(context, async (model) => {
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
      return change(context, async (model) => {
        const { callid } = request.params;
        const open = await readCall(store, callid);
        if (open === undefined) throw new Refused(404, `no call ${callid} is open`);
        return play(model, open.call, open.version, steps);
      });
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
