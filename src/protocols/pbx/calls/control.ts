/** How a request acts on a call under way: which call and which end of it, and the steps that it plays. */
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import { changeModel } from '../model/change-model.ts';
import { type Model, readModel } from '../model/model.ts';
import { refusing } from './dial.ts';
import type { OpenCall } from './play/call.ts';
import { listCalls, readCall, writeCall } from './play/open-calls.ts';
import { findExtension } from './play/parties.ts';
import { playSteps } from './play/play-steps.ts';
import type { Side, Step } from './play/step.ts';

/** What a request is about. */
export interface Controlled {
  readonly model: Model;
  readonly call: OpenCall;
  /** The end of the call that the request names. */
  readonly side: Side;
  readonly parameters: Parameters;
}

/** Returns the side of a call that has an id; undefined if it has none. */
type Finder = (call: OpenCall, id: string, parameters: Parameters) => Side | undefined;

const sides = ['caller', 'callee'] as const;
const sideOf = (call: OpenCall, matches: (party: OpenCall['callee']) => boolean): Side | undefined =>
  sides.find((side) => matches(call[side]));
/** Not of a call that has not reached the extension: one that applications decide on first. */
const byExtension: Finder = (call, number) =>
  call.phase === 'invited'
    ? undefined
    : sideOf(call, (party) => party.type === 'ext' && party.number === number);
const byTrunkId =
  (type: 'inbound' | 'outbound'): Finder =>
  (call, id) =>
    sideOf(call, (party) => party.type === type && party.id === id);

/** In v1.1.0 a call is found by the extension, the inbound or outbound id, or its own id, in v2.0.0 by the channel of a member. */
export const finders = {
  extid: byExtension,
  inboundid: byTrunkId('inbound'),
  outboundid: byTrunkId('outbound'),
  channelid(call, id) {
    const side = sideOf(call, (party) => party.type !== 'service' && party.channelid === id);
    // The target of an attended transfer takes the side of the end that transfers.
    const { consultation } = call;
    return side ?? (consultation?.target.channelid === id ? consultation.by : undefined);
  },
  callid: (call, id, parameters) =>
    call.callid === id ? byExtension(call, parameters.get('transferor') ?? '', parameters) : undefined,
} satisfies Record<string, Finder>;

export interface Control {
  /** The parameter that finds the call. */
  readonly by: keyof typeof finders;
  /** Returns the steps that the request comes to. Throws PbxError. */
  steps(controlled: Controlled): readonly Step[];
}

/**
 * Plays the steps that a request comes to, and returns the id of the call: the first one that they are possible in, if the extension has
 * several. Rejects with PbxError 10006 for an unknown extension and 10007 for no such call.
 */
export async function control(
  context: PbxContext,
  { by, steps }: Control,
  parameters: Parameters,
): Promise<string> {
  const { store, configuredModel } = context;
  const find: Finder = finders[by];
  const id = parameters.get(by) ?? '';
  const openCalls = await listCalls(store);
  const found = openCalls.filter((call) => find(call, id, parameters) !== undefined);
  if (found.length === 0) {
    const { value: model } = await readModel(store, configuredModel);
    const isUnknown = by === 'extid' && findExtension(model, id) === undefined;
    throw new PbxError(isUnknown ? errnos.noSuchExtension : errnos.noSuchCall);
  }
  return changeModel(context, async (model) => {
    let refusal = new PbxError(errnos.noSuchCall);
    for (const { callid } of found) {
      const open = await readCall(store, callid);
      const side = open === undefined ? undefined : find(open.value, id, parameters);
      if (open === undefined || side === undefined) continue;
      const wanted = steps({ model, call: open.value, side, parameters });
      try {
        const played = refusing(() => playSteps(model, open.value, wanted, openCalls));
        const writes = [writeCall(callid, played.call, open.version)];
        return { model: played.model, reports: played.reports, writes, result: callid };
      } catch (error) {
        if (!(error instanceof PbxError)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  });
}
