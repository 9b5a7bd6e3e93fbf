/** What the operator routes share: which PBX a request is about, and how they change the model together with the reports about it. */
import { Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../kit/operator/refusal.ts';
import { Conflict } from '../../kit/retry-on-conflict.ts';
import type { PbxContext } from '../api/context.ts';
import { changeModel, type ModelUpdate } from '../model/change-model.ts';
import type { Model } from '../model/model.ts';

/** Returns the context of the PBX that a request is about. Throws OperatorRefusal 400 for a name that is none of a PBX. */
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
/** Schema of a reply that says how many reports were queued. */
export const Queued = Type.Object({ queued: Type.Integer({ description: 'reports' }) });

/** Changes the model as `changeModel` does. Rejects with OperatorRefusal 409 if it keeps changing. */
export async function updateModel<T>(
  context: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<T> {
  try {
    return await changeModel(context, update);
  } catch (error) {
    if (error instanceof Conflict)
      throw new OperatorRefusal(409, 'the model changed at the same time; send the request again');
    throw error;
  }
}
