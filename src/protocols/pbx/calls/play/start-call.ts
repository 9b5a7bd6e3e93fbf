/** The state of a call before its first step. Pure. */
import type { Model } from '../../model/model.ts';
import { serviceOf } from '../../model/services.ts';
import { type Callee, CallRefused, type NewCall, type OpenCall } from './call.ts';
import { calleeOf, extensionMember, findExtension, trunkMember } from './parties.ts';

/**
 * Returns a call that nothing happened in yet. Throws CallRefused if no end belongs to the PBX, for an unknown trunk, and for a call from
 * an extension to itself.
 */
export function startCall(model: Model, call: NewCall, callid: string, startedMs: number): OpenCall {
  const { from, to, trunk } = call;
  const extension = findExtension(model, from);
  if (extension !== undefined && from === to) throw new CallRefused(`extension ${from} cannot call itself`);
  const isCalled = findExtension(model, to) !== undefined || serviceOf(model, to) !== undefined;
  if (extension === undefined && !isCalled)
    throw new CallRefused(
      `neither ${from} nor ${to} is an extension, and ${to} is no IVR, queue, ring group or conference of the model`,
    );
  const place = { callid, offset: 1 };
  const callee: Callee = isCalled
    ? calleeOf(model, to, from, place)
    : trunkMember(model, { type: 'outbound', from, to, trunk }, place);
  return {
    callid,
    type: extension === undefined ? 'Inbound' : isCalled ? 'Internal' : 'Outbound',
    caller:
      extension === undefined
        ? trunkMember(model, { type: 'inbound', from, to, trunk }, { callid, offset: 0 })
        : extensionMember(extension, { callid, offset: 0 }),
    callee,
    phase: 'new',
    startedMs,
    ringSeconds: call.ringSeconds ?? 3,
    talkSeconds: call.talkSeconds ?? 10,
    recording: call.recording ?? false,
    dialledBy: call.dialledBy ?? 'api',
    control: call.control ?? false,
    startedBy: 'operator',
    transferred: false,
    keys: '',
  };
}

/** Returns a call between two outside numbers, dialled one after the other. Throws CallRefused if there are not two trunks. */
export function startCallback(
  model: Model,
  { caller, outto, fromext }: { readonly caller: string; readonly outto: string; readonly fromext: string },
  callid: string,
  startedMs: number,
): OpenCall {
  const [first, second] = model.trunks;
  if (first === undefined || second === undefined) throw new CallRefused('a call back needs two trunks');
  const outbound = (to: string, trunk: string, offset: number) =>
    trunkMember(model, { type: 'outbound', from: fromext, to, trunk }, { callid, offset });
  return {
    callid,
    type: 'Callback',
    caller: outbound(caller, first.name, 0),
    callee: outbound(outto, second.name, 1),
    phase: 'new',
    startedMs,
    ringSeconds: 3,
    talkSeconds: 10,
    recording: true,
    dialledBy: 'api',
    control: false,
    startedBy: 'api',
    transferred: false,
    keys: '',
  };
}
