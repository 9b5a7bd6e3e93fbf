/** What the operator routes share: how they refuse, and how they change the model together with the reports about it. */
import { Type } from '@sinclair/typebox';
import { Conflict } from '../../kit/retry-on-conflict.ts';
import type { PbxContext } from '../api/context.ts';
import { changeModel, type ModelUpdate } from '../model/change-model.ts';
import type { Model } from '../model/model.ts';

/** A refusal of an operator's request, sent with its status and message. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Returns the context of the PBX that a request is about. Throws OperatorError 400 for a name that is none of a PBX. */
export type ContextOf = (request: { readonly query: unknown }) => PbxContext;

/** The query of requests about one PBX. */
export const TenantQuery = Type.Object({
  tenant: Type.Optional(
    Type.String({
      description: 'which PBX: `pbx/<name>`, that of users named `<name>/<user>`; default: pbx/default',
    }),
  ),
});

export const tags = ['operator'];
const Failure = Type.Object({ error: Type.String() });
/** Schemas of the error replies. */
export const failures = {
  400: Failure,
  401: Failure,
  403: Failure,
  404: Failure,
  409: Failure,
  503: Failure,
};
/** Schema of a reply that says how many reports were queued. */
export const Queued = Type.Object({ queued: Type.Integer({ description: 'reports' }) });

/** Changes the model as `changeModel` does. Rejects with OperatorError 409 if it keeps changing. */
export async function updateModel<T>(
  context: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<T> {
  try {
    return await changeModel(context, update);
  } catch (error) {
    if (error instanceof Conflict)
      throw new OperatorError(409, 'the model changed at the same time; send the request again');
    throw error;
  }
}
