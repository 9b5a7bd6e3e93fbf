/** Where the API transfers a call to: what the documents allow as a target, and how it is refused. Pure. */
import { type Errno, errnos, PbxError } from '../api/errors.ts';
import type { Parameters } from '../api/parameters.ts';
import type { Model } from '../model/model.ts';
import { serviceOf } from '../model/services.ts';
import type { Controlled } from './control.ts';
import { isFree } from './play/answering.ts';
import { findExtension } from './play/parties.ts';
import type { ServiceKind } from './play/step.ts';

/** Returns the target that a parameter names. Throws PbxError if it is none. */
export type TargetOf = (model: Model, parameters: Parameters) => string;

/**
 * An extension, an IVR, a queue, a ring group or a conference; or an outside number, for which an extension lends its permission. An
 * unknown number without one is refused as an unknown extension.
 */
export function anyNumber(parameter: string): TargetOf {
  return (model, parameters) => {
    const number = (parameters.get(parameter) ?? '').trim();
    const isInside = findExtension(model, number) !== undefined || serviceOf(model, number) !== undefined;
    if (!isInside) checkPermission(model, parameters);
    return number;
  };
}

/** An outside number ("Transfer an Inbound Call to a Trunk"). */
export function outsideNumber(parameter: string): TargetOf {
  return (model, parameters) => {
    checkPermission(model, parameters);
    return (parameters.get(parameter) ?? '').trim();
  };
}

export function extensionNumber(parameter: string): TargetOf {
  return (model, parameters) => {
    const number = (parameters.get(parameter) ?? '').trim();
    if (findExtension(model, number) === undefined) throw new PbxError(errnos.noSuchExtension);
    return number;
  };
}

const unknownServices: Readonly<Partial<Record<ServiceKind, Errno>>> = {
  ivr: errnos.noSuchIvr,
  queue: errnos.noSuchQueue,
  ringGroup: errnos.noSuchRingGroup,
};

/** An IVR, a queue or a ring group of the model. */
export function serviceNumber(kind: ServiceKind, parameter: string): TargetOf {
  return (model, parameters) => {
    const number = (parameters.get(parameter) ?? '').trim();
    if (serviceOf(model, number) !== kind) throw new PbxError(unknownServices[kind] ?? errnos.noSuchCall);
    return number;
  };
}

/** v1.1.0 calls the extension that lends its permission `fromext`, v2.0.0 `dialpermission`. */
function checkPermission(model: Model, parameters: Parameters): void {
  const lender = parameters.get('fromext') ?? parameters.get('dialpermission') ?? '';
  if (findExtension(model, lender.trim()) === undefined) throw new PbxError(errnos.noSuchExtension);
}

/** Throws PbxError 10008 if the telephone of an attended transfer does not pick up. */
export function checkAnswers({ model }: Pick<Controlled, 'model'>, number: string): void {
  if (!isFree(model, number)) throw new PbxError(errnos.extensionNotIdle);
}
