/**
 * The calls of the API that act on a call under way. In v1.1.0 a call is found by the extension, the inbound or outbound id, or its own id,
 * in v2.0.0 by the channel of one member. One operation each, from one table.
 */
import { Type } from '@sinclair/typebox';
import { endpoint, type PbxOperation, succeedWith, TokenQuery, VersionParams } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field, type Parameters } from '../api/parameters.ts';
import { changeModel } from '../model/change-model.ts';
import { type Model, readModel } from '../model/model.ts';
import { authorize } from '../users/authorize.ts';
import { refusing } from './dial.ts';
import type { OpenCall, Step } from './play/call.ts';
import { listCalls, readCall, writeCall } from './play/open-calls.ts';
import { playSteps } from './play/play-steps.ts';

/** The end of a call that a request is about. */
type Side = 'caller' | 'callee';

interface Control {
  readonly name: string;
  readonly summary: string;
  readonly endpoint: string;
  /** The parameter that finds the call. */
  readonly by: keyof typeof finders;
  /** Required parameters besides. */
  readonly required?: readonly string[];
  /** Returns the steps that the request comes to. */
  steps(side: Side, parameters: Parameters): readonly Step[];
}

/** Returns the side of a call that has an id; undefined if it has none. */
type Finder = (call: OpenCall, id: string, parameters: Parameters) => Side | undefined;

const sides = ['caller', 'callee'] as const;
const sideOf = (call: OpenCall, matches: (member: OpenCall['caller']) => boolean): Side | undefined =>
  sides.find((side) => matches(call[side]));
const byExtension = (call: OpenCall, number: string): Side | undefined =>
  sideOf(call, (member) => member.type === 'ext' && member.number === number);
const byTrunkId =
  (type: 'inbound' | 'outbound'): Finder =>
  (call, id) =>
    sideOf(call, (member) => member.type === type && member.id === id);

const finders = {
  extid: byExtension,
  inboundid: byTrunkId('inbound'),
  outboundid: byTrunkId('outbound'),
  channelid: (call, id) => sideOf(call, ({ channelid }) => channelid === id),
  callid: (call, id, parameters) =>
    call.callid === id ? byExtension(call, parameters.get('transferor') ?? '') : undefined,
} satisfies Record<string, Finder>;

const hangup: Control['steps'] = (by) => [{ step: 'hangup', by }];
const hold: Control['steps'] = (by) => [{ step: 'hold', by }];
const unhold: Control['steps'] = () => [{ step: 'resume' }];
const accept: Control['steps'] = () => [{ step: 'ring' }, { step: 'answer' }];
const refuse: Control['steps'] = () => [{ step: 'hangup', by: 'callee' }];
const other = (side: Side): Side => (side === 'caller' ? 'callee' : 'caller');
/** The member that was named leaves. No report tells of transfers by the API. */
const leave =
  (parameter: string): Control['steps'] =>
  (by, parameters) => [{ step: 'transfer', by, to: parameters.get(parameter) ?? '', reported: false }];
/** The member that was named is connected to another. */
const forward: Control['steps'] = (side, parameters) => leave('number')(other(side), parameters);

const controls: readonly Control[] = [
  control('extension/hangup', 'Ends the call of an extension', { by: 'extid', steps: hangup }),
  control('extension/hold', 'Puts the call of an extension on hold', { by: 'extid', steps: hold }),
  control('extension/unhold', 'Resumes the held call of an extension', { by: 'extid', steps: unhold }),
  control('inbound/hangup', 'Ends an inbound call', { by: 'inboundid', steps: hangup }),
  control('outbound/hangup', 'Ends an outbound call', { by: 'outboundid', steps: hangup }),
  control('inbound/transfer_number', 'Transfers an inbound call', {
    by: 'inboundid',
    required: ['number'],
    steps: forward,
  }),
  control('outbound/transfer_number', 'Transfers an outbound call', {
    by: 'outboundid',
    required: ['number'],
    steps: forward,
  }),
  control('calltransfer', 'Transfers a call for an extension that takes part in it', {
    by: 'callid',
    required: ['transferor', 'transferto'],
    steps: leave('transferto'),
  }),
  control('inbound/accept', 'Accepts an inbound call that applications decide on', {
    by: 'inboundid',
    steps: accept,
  }),
  control('inbound/refuse', 'Refuses an inbound call that applications decide on', {
    by: 'inboundid',
    steps: refuse,
  }),
  control('call/accept_inbound', 'Accepts an inbound call that applications decide on', {
    by: 'channelid',
    steps: accept,
  }),
  control('call/refuse_inbound', 'Refuses an inbound call that applications decide on', {
    by: 'channelid',
    steps: refuse,
  }),
  control('call/hangup', 'Ends a call', { by: 'channelid', steps: hangup }),
  control('call/hold', 'Puts a call on hold', { by: 'channelid', steps: hold }),
  control('call/unhold', 'Resumes a held call', { by: 'channelid', steps: unhold }),
  control('call/transfer', 'Transfers a call for one of its members', {
    by: 'channelid',
    required: ['number'],
    steps: leave('number'),
  }),
];

export const controllingCalls = controls.map(
  (declared) => (context: PbxContext) => operate(context, declared),
);

function control(path: string, summary: string, rest: Pick<Control, 'by' | 'required' | 'steps'>): Control {
  const words = path.split(/[/_]/).map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return { name: `Pbx${words.join('')}`, summary, endpoint: path, ...rest };
}

function operate(
  context: PbxContext,
  { name, summary, by, required = [], steps, ...rest }: Control,
): PbxOperation {
  const fields = [by, ...required, 'fromext', 'dialpermission'];
  const Body = Type.Object(Object.fromEntries(fields.map((field) => [field, Field])));
  const readBody = bodyReader(Body);
  // The older calls about an extension return nothing.
  const isSilent = by === 'extid';
  return {
    name,
    summary,
    ...endpoint(rest.endpoint),
    schema: {
      params: VersionParams,
      query: TokenQuery,
      body: Body,
      replies: {
        200: Type.Object({
          status: Type.Literal('Success'),
          ...(isSilent ? {} : { callid: Type.String() }),
        }),
      },
    },
    errors: [
      ...tokenErrors,
      ...bodyErrors,
      errnos.dataBlank,
      errnos.parameterBlank,
      errnos.noSuchExtension,
      errnos.noSuchCall,
    ],
    subject: context.subjectOf,
    async run(call) {
      await authorize(context, call, 'calls');
      const parameters = readBody(call.body);
      if (parameters === undefined) throw new PbxError(errnos.dataBlank);
      if ([by, ...required].some((field) => (parameters.get(field) ?? '') === ''))
        throw new PbxError(errnos.parameterBlank);
      const callid = await act(context, { by, steps, parameters });
      return succeedWith(isSilent ? {} : { callid });
    },
  };
}

/** Plays the steps that a request comes to. Rejects with PbxError 10006 for an unknown extension and 10007 for no such call. */
async function act(
  context: PbxContext,
  { by, steps, parameters }: Pick<Control, 'by' | 'steps'> & { readonly parameters: Parameters },
): Promise<string> {
  const { store, configuredModel } = context;
  const find: Finder = finders[by];
  const id = parameters.get(by) ?? '';
  const found = (await listCalls(store)).find((call) => find(call, id, parameters) !== undefined);
  if (found === undefined) {
    const { value: model } = await readModel(store, configuredModel);
    throw new PbxError(
      by === 'extid' && !isExtension(model, id) ? errnos.noSuchExtension : errnos.noSuchCall,
    );
  }
  return changeModel(context, async (model) => {
    const open = await readCall(store, found.callid);
    const side = open === undefined ? undefined : find(open.value, id, parameters);
    if (open === undefined || side === undefined) throw new PbxError(errnos.noSuchCall);
    const wanted = steps(side, parameters);
    const target = wanted.find((step) => step.step === 'transfer')?.to;
    if (target !== undefined && !isExtension(model, target)) throw new PbxError(errnos.noSuchExtension);
    const played = refusing(() => playSteps(model, open.value, wanted));
    const writes = [writeCall(found.callid, played.call, open.version)];
    return { model: played.model, reports: played.reports, writes, result: found.callid };
  });
}

function isExtension({ extensions }: Model, number: string): boolean {
  return extensions.some((extension) => extension.number === number);
}
