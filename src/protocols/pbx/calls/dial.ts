/** Calls that applications dial: started and played at once as far as the called end goes along. */
import { dateOf } from '../../kit/date.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { changeModel } from '../model/change-model.ts';
import type { Model } from '../model/model.ts';
import { stepsOfDialling } from './play/answering.ts';
import { CallRefused, type OpenCall } from './play/call.ts';
import { listCalls, maxOpenCalls, writeCall } from './play/open-calls.ts';
import { playSteps } from './play/play-steps.ts';

/** Returns the id of a call that starts at a wall time, ms. */
export function newCallId({ randomBytes }: Pick<PbxContext, 'randomBytes'>, startedMs: number): string {
  return `${Math.floor(startedMs / 1_000)}.${randomBytes(3).readUIntBE(0, 3)}`;
}

/**
 * Starts a call and returns its id. The reply of a dialling says nothing of whether the call was answered: reports do. Rejects with
 * PbxError 10007 for a call that cannot be made: no document names a number for that.
 */
export async function dialCall(
  context: PbxContext,
  start: (model: Model, callid: string, startedMs: number) => OpenCall,
): Promise<string> {
  const startedMs = Math.floor(await dateOf(context.store, context.store.tenant));
  const callid = newCallId(context, startedMs);
  return changeModel(context, async (model) => {
    const openCalls = await listCalls(context.store);
    if (openCalls.length >= maxOpenCalls) throw new PbxError(errnos.noSuchCall);
    const call = refusing(() => start(model, callid, startedMs));
    const steps = stepsOfDialling(model, call.caller, call.callee);
    const played = refusing(() => playSteps(model, { ...call, startedBy: 'api' }, steps, openCalls));
    const writes = [writeCall(callid, played.call, 0)];
    return { model: played.model, reports: played.reports, writes, result: callid };
  });
}

/** Turns CallRefused into PbxError 10007. */
export function refusing<T>(play: () => T): T {
  try {
    return play();
  } catch (error) {
    throw error instanceof CallRefused ? new PbxError(errnos.noSuchCall) : error;
  }
}
