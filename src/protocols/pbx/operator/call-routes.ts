/** Plays calls: an operator starts a call and moves it on step by step. */

import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { dateOf } from '../../kit/date.ts';
import { pageOf, pageQuery, pageSchema } from '../../kit/operator/page.ts';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { newCallId } from '../calls/dial.ts';
import { CallRefused, NewCall, OpenCall } from '../calls/play/call.ts';
import { listCalls, maxOpenCalls, readCall, writeCall } from '../calls/play/open-calls.ts';
import { wholeServiceCall } from '../calls/play/play-service.ts';
import { CallOver, playSteps } from '../calls/play/play-steps.ts';
import { startCall } from '../calls/play/start-call.ts';
import { Step } from '../calls/play/step.ts';
import type { ModelUpdate } from '../model/change-model.ts';
import type { Model } from '../model/model.ts';
import { type ContextOf, TenantQuery, tags, updateModel } from './update-model.ts';

const maxSteps = 100;
const maxShownLength = 200;

const Steps = Type.Array(
  Type.Union([Step, Type.String({ description: 'the name of a step: "ring", "answer"' })]),
  { maxItems: maxSteps },
);
const CallState = Type.Object({
  callid: Type.String(),
  open: Type.Boolean(),
  reports: Type.Integer({ description: 'reports of these steps' }),
});
type CallState = Static<typeof CallState>;

function wholeCall({ callee }: OpenCall): readonly Step[] {
  if (callee.type === 'service') return wholeServiceCall(callee.kind);
  return [{ step: 'ring' }, { step: 'answer' }, { step: 'hangup' }];
}

export function callRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/calls',
    {
      schema: {
        tags,
        operationId: 'listCalls',
        querystring: Type.Object({ ...TenantQuery.properties, ...pageQuery }),
        summary: 'Lists the open calls by `callid`',
        response: { 200: pageSchema('calls', OpenCall), ...failures },
      },
    },
    async (request) => {
      const items = await listCalls(contextOf(request).store);
      const list = { name: 'calls', items, placeOf: ({ callid }: OpenCall) => [callid] };
      const { items: calls, next } = pageOf(list, request.query);
      return { calls, next };
    },
  );
  registerNewCall(app, contextOf);
  registerNextSteps(app, contextOf);
}

function registerNewCall(app: App, contextOf: ContextOf): void {
  app.post(
    '/calls',
    {
      schema: {
        tags,
        operationId: 'playCall',
        querystring: TenantQuery,
        summary: 'Plays a call; without steps it rings, is answered and ends',
        body: Type.Composite([NewCall, Type.Object({ steps: Type.Optional(Steps) })], {
          additionalProperties: false,
        }),
        response: { 201: CallState, ...failures },
      },
    },
    async (request, reply) => {
      const context = contextOf(request);
      const { store } = context;
      const { steps: values, ...newCall } = request.body;
      const steps = values?.map(parseStep);
      const state = await updateModel(context, async (model) => {
        const openCalls = await listCalls(store);
        if (openCalls.length >= maxOpenCalls)
          throw new OperatorRefusal(409, `${maxOpenCalls} calls are open; end one first`);
        const startedMs = await dateOf(store, store.tenant);
        const callid = newCallId(context, startedMs);
        const call = refusingWith(400, () => startCall(model, newCall, callid, startedMs));
        return playAll(model, { call, version: 0, steps: steps ?? wholeCall(call), openCalls });
      });
      return reply.code(201).send(state);
    },
  );
}

function registerNextSteps(app: App, contextOf: ContextOf): void {
  app.post(
    '/calls/:callid',
    {
      schema: {
        tags,
        operationId: 'stepCall',
        querystring: TenantQuery,
        summary: 'Plays further steps of an open call',
        params: Type.Object({ callid: Type.String() }),
        body: Type.Object({ steps: Steps }, { additionalProperties: false }),
        response: { 200: CallState, ...failures },
      },
    },
    async (request) => {
      const context = contextOf(request);
      const steps = request.body.steps.map(parseStep);
      return updateModel(context, async (model) => {
        const { callid } = request.params;
        const open = await readCall(context.store, callid);
        if (open === undefined) throw new OperatorRefusal(404, `call ${callid} is not open`);
        const openCalls = await listCalls(context.store);
        return playAll(model, { call: open.value, version: open.version, steps, openCalls });
      });
    },
  );
}

/** Throws OperatorRefusal for a value that is not a step. */
function parseStep(value: unknown): Step {
  const step = typeof value === 'string' ? { step: value } : value;
  if (Value.Check(Step, step)) return step;
  const shown = JSON.stringify(value)?.slice(0, maxShownLength);
  throw new OperatorRefusal(400, `steps: ${shown} is not a step`);
}

interface Playing {
  readonly call: OpenCall;
  /** Of the stored call; 0: it is new. */
  readonly version: number;
  readonly steps: readonly Step[];
  readonly openCalls: readonly OpenCall[];
}

/** Throws OperatorRefusal 400 for a step after the end, and 409 for one that cannot follow. */
function playAll(model: Model, { call, version, steps, openCalls }: Playing): ModelUpdate<CallState> {
  const played = refusingWith(409, () => playSteps(model, call, steps, openCalls));
  return {
    model: played.model,
    reports: played.reports,
    writes: [writeCall(call.callid, played.call, version)],
    result: { callid: call.callid, open: played.call !== undefined, reports: played.reports.length },
  };
}

/** Turns CallRefused into an OperatorRefusal with a status. */
function refusingWith<T>(status: number, play: () => T): T {
  try {
    return play();
  } catch (error) {
    if (error instanceof CallOver) throw new OperatorRefusal(400, error.message);
    throw error instanceof CallRefused ? new OperatorRefusal(status, error.message) : error;
  }
}
