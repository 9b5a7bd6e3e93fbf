/**
 * The calls of the API that dial: "Make an Internal Call", "Make an Outbound Call" and "Call Back" of S-Series API v1.1.0, and `call/dial`
 * of v2.0.0. One operation each, which differ in the names of their parameters and in what the ends may be.
 */
import { Type } from '@sinclair/typebox';
import { authorizedCall } from '../api/authorized-call.ts';
import { type PbxOperation, succeedWith } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { Model } from '../model/model.ts';
import { dialCall } from './dial.ts';
import type { OpenCall } from './play/call.ts';
import { findExtension } from './play/parties.ts';
import { startCall, startCallback } from './play/start-call.ts';

const maxNumberLength = 64;

interface Dialling<N extends string> {
  readonly name: string;
  readonly summary: string;
  readonly path: string;
  /** Names of the required parameters. */
  readonly required: readonly N[];
  /** Returns the call. Throws PbxError. */
  start(values: Readonly<Record<N, string>>, model: Model, callid: string, startedMs: number): OpenCall;
}

function dialling<N extends string>({
  start,
  required,
  ...rest
}: Dialling<N>): (context: PbxContext) => PbxOperation {
  return (context) =>
    authorizedCall(context, {
      ...rest,
      permission: 'calls',
      required,
      parameters: ['autoanswer', 'dialpermission'],
      reply: { callid: Type.String() },
      errors: [errnos.noSuchExtension, errnos.noSuchCall],
      async run(parameters) {
        const entries = required.map((field) => [field, (parameters.get(field) ?? '').trim()] as const);
        if (entries.some(([, value]) => value.length > maxNumberLength))
          throw new PbxError(errnos.parameterBlank);
        const values = Object.fromEntries(entries) as Record<N, string>;
        const callid = await dialCall(context, (model, id, startedMs) => start(values, model, id, startedMs));
        return succeedWith({ callid });
      },
    });
}

function checkExtension(model: Model, number: string): void {
  if (findExtension(model, number) === undefined) throw new PbxError(errnos.noSuchExtension);
}

/** Returns a recorded call from an extension. Throws PbxError if there is no such extension. */
function startFromExtension(
  ends: { readonly from: string; readonly to: string },
  model: Model,
  callid: string,
  startedMs: number,
): OpenCall {
  checkExtension(model, ends.from);
  return startCall(model, { ...ends, recording: true }, callid, startedMs);
}

export const diallingCalls = [
  dialling({
    name: 'PbxExtensionDialExtension',
    summary: 'Dials one extension from another',
    path: 'extension/dial_extension',
    required: ['caller', 'callee'],
    start({ caller, callee }, model, ...rest) {
      checkExtension(model, callee);
      return startFromExtension({ from: caller, to: callee }, model, ...rest);
    },
  }),
  dialling({
    name: 'PbxExtensionDialOutbound',
    summary: 'Dials an outside number from an extension',
    path: 'extension/dial_outbound',
    required: ['extid', 'outto'],
    start: ({ extid, outto }, ...rest) => startFromExtension({ from: extid, to: outto }, ...rest),
  }),
  dialling({
    name: 'PbxOutboundDialOutbound',
    summary: 'Dials two outside numbers one after the other and connects them',
    path: 'outbound/dial_outbound',
    required: ['caller', 'outto', 'fromext'],
    start(values, model, callid, startedMs) {
      checkExtension(model, values.fromext);
      return startCallback(model, values, callid, startedMs);
    },
  }),
  dialling({
    name: 'PbxCallDial',
    summary: 'Dials a number from an extension',
    path: 'call/dial',
    required: ['caller', 'callee'],
    start: ({ caller, callee }, ...rest) => startFromExtension({ from: caller, to: callee }, ...rest),
  }),
] as const;
