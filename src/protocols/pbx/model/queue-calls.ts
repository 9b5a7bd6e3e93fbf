/** Queues: their settings, the states of their agents, and agents who take a pause. v1.1.0 finds a queue by `queueid`, v2.0.0 by `number`. */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith, success } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import { selectNamed } from '../api/select.ts';
import { listCalls } from '../calls/play/open-calls.ts';
import { changeModel } from './change-model.ts';
import { type Model, readModel, restingStatus } from './model.ts';
import type { Queue } from './services.ts';

const Settings = Type.Array(Type.Record(Type.String(), Type.String()));

function selectQueues({ queues = [] }: Model, parameters: Parameters): readonly Queue[] {
  return selectNamed(queues, {
    asked: parameters.get('queueid') ?? parameters.get('number'),
    name: ({ number }) => number,
    unknown: errnos.noSuchQueue,
  });
}

export function queueQuery(context: PbxContext): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    name: 'PbxQueueQuery',
    summary: 'Returns the settings of queues',
    path: 'queue/query',
    permission: 'extensions',
    parameters: ['queueid', 'number'],
    reply: { queues: Settings },
    errors: [errnos.noSuchQueue],
    async run(parameters) {
      const { value: model } = await readModel(store, configuredModel);
      return succeedWith({ queues: selectQueues(model, parameters).map(queueInfo) });
    },
  });
}

/** Each number and name twice: clients of v1 read the longer names, those of v2 the shorter. */
function queueInfo({ number, name = number, agents = [] }: Queue): Record<string, string> {
  return {
    queuenumber: number,
    number,
    queuename: name,
    name,
    password: '',
    ringstrategy: 'Ring All',
    failoveraction: 'Hang up',
    // The samples have a comma after the last one.
    agents: agents.map((agent) => `${agent},`).join(''),
    dynamicagents: '',
    agenttimeout: '30',
    agentannounce: '[None]',
    wrapuptime: '30',
    ringinuse: 'on',
    retry: '30',
    musiconhold: '[None]',
    maxwaittime: '1800',
    joinempty: 'off',
    leavewhenempty: 'on',
    joinannounce: '[None]',
    announcepos: 'on',
    announcefreq: '30',
    announceholdtime: 'on',
    userannounce: '[None]',
    userannouncefreq: '30',
    breakoutkey: 'None',
    satisfactionsurvey: 'None',
    idannouncement: 'None',
  };
}

const QueueStatus = Type.Object({
  callercount: Type.String(),
  members: Type.Array(Type.Object({ agent: Type.String(), agentstatus: Type.String() })),
});

export function queueStatusQuery(context: PbxContext): PbxOperation {
  return queryStatus(context, 'PbxQueueStatusQuery', 'queuestatus/query', 'queuenumber');
}

export function queueQueryStatus(context: PbxContext): PbxOperation {
  return queryStatus(context, 'PbxQueueQueryStatus', 'queue/query_status', 'number');
}

/** `key`: the name of a queue's number in the reply. */
function queryStatus(context: PbxContext, name: string, path: string, key: string): PbxOperation {
  const { store, configuredModel } = context;
  return authorizedCall(context, {
    name,
    summary: 'Returns the waiting callers of queues and the states of their agents',
    path,
    permission: 'extensions',
    // Documented as required; a public client sends nothing, which returns every queue.
    parameters: ['queueid', 'number'],
    reply: {
      queues: Type.Array(Type.Object({ [key]: Type.String(), queuestatus: Type.Array(QueueStatus) })),
    },
    errors: [errnos.noSuchQueue],
    async run(parameters) {
      const [{ value: model }, calls] = await Promise.all([
        readModel(store, configuredModel),
        listCalls(store),
      ]);
      const queues = selectQueues(model, parameters).map((queue) => {
        const waiting = calls.filter(
          ({ phase, callee }) =>
            phase === 'service' && callee.type === 'service' && callee.number === queue.number,
        );
        const members = (queue.agents ?? []).map((agent) => ({
          agent,
          agentstatus: agentStatus(model, queue, agent),
        }));
        return { [key]: queue.number, queuestatus: [{ callercount: String(waiting.length), members }] };
      });
      return succeedWith({ queues });
    },
  });
}

/** The states of agents, by the states of their telephones ("Query Queue Status"). */
const agentStatuses: Readonly<Record<string, string>> = {
  Registered: '1',
  Idle: '1',
  Busy: '2',
  InUse: '2',
  Unavailable: '5',
  Unregistered: '5',
  Ringing: '6',
  Hold: '8',
};

function agentStatus({ extensions }: Model, { paused = [] }: Queue, agent: string): string {
  if (paused.includes(agent)) return '9';
  const extension = extensions.find(({ number }) => number === agent);
  const status = extension === undefined ? '' : (extension.status ?? restingStatus(extension));
  return agentStatuses[status] ?? '0';
}

export function queuePauseAgent(context: PbxContext): PbxOperation {
  return setPaused(context, {
    name: 'PbxQueuePauseAgent',
    summary: 'Lets an agent of a queue get no calls',
    path: 'queue/pause_agent',
    change: (paused, agent) => [...paused, agent],
  });
}

export function queueUnpauseAgent(context: PbxContext): PbxOperation {
  return setPaused(context, {
    name: 'PbxQueueUnpauseAgent',
    summary: 'Lets an agent of a queue get calls again',
    path: 'queue/unpause_agent',
    change: (paused) => paused,
  });
}

interface Pause {
  readonly name: string;
  readonly summary: string;
  readonly path: string;
  /** Returns who is paused, from those who are besides the agent. */
  change(paused: readonly string[], agent: string): string[] | readonly string[];
}

/** v1.1.0 names the parameters `queueid` and `extid`; for v2.0.0 the names `number` and `agent` are taken too: a choice. */
function setPaused(context: PbxContext, { change, ...rest }: Pause): PbxOperation {
  return authorizedCall(context, {
    ...rest,
    permission: 'extensions',
    parameters: ['queueid', 'number', 'extid', 'agent'],
    needsBody: true,
    reply: {},
    errors: [errnos.parameterBlank, errnos.noSuchQueue, errnos.noSuchExtension],
    async run(parameters) {
      const wanted = parameters.get('queueid') ?? parameters.get('number') ?? '';
      const agent = parameters.get('extid') ?? parameters.get('agent') ?? '';
      if (wanted === '' || agent === '') throw new PbxError(errnos.parameterBlank);
      await changeModel(context, async (model) => {
        const queues = model.queues ?? [];
        const before = queues.find(({ number }) => number === wanted);
        if (before === undefined) throw new PbxError(errnos.noSuchQueue);
        if (before.agents?.includes(agent) !== true) throw new PbxError(errnos.noSuchExtension);
        const paused = [
          ...change(
            (before.paused ?? []).filter((other) => other !== agent),
            agent,
          ),
        ];
        const after = queues.map((queue) => (queue === before ? { ...queue, paused } : queue));
        return { model: { ...model, queues: after }, reports: [], result: undefined };
      });
      return success;
    },
  });
}
