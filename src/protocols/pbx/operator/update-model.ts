/** What the operator routes share: how they refuse, and how they change the model together with the reports about it. */
import { Type } from '@sinclair/typebox';
import { isDebugging } from '../../../settings/log.ts';
import type { DocumentWrite } from '../../../store/store.ts';
import { Conflict, retryOnConflict } from '../../kit/retry-on-conflict.ts';
import type { PbxContext } from '../api/context.ts';
import { type Model, readModel, writeModel } from '../model/model.ts';
import type { Report } from '../reports/catalog.ts';
import { enqueueReports } from '../reports/report-queue.ts';
import { tenant } from '../tenant.ts';

/** A refusal of an operator's request, sent with its status and message. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

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

/** A change of the model: the reports about it, other documents that change with it, and what the request returns. */
export interface ModelUpdate<T> {
  readonly model: Model;
  readonly reports: readonly Report[];
  readonly writes?: readonly DocumentWrite[];
  readonly result: T;
}

/**
 * Changes the model and queues the reports about it in one step. `update` is repeated if the model changed meanwhile. Rejects with
 * OperatorError 409 if it keeps changing.
 */
export async function updateModel<T>(
  context: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<T> {
  try {
    // The result may be undefined, which stands for a conflict here.
    const { result } = await retryOnConflict(() => tryUpdate(context, update));
    return result;
  } catch (error) {
    if (error instanceof Conflict)
      throw new OperatorError(409, 'the model changed at the same time; send the request again');
    throw error;
  }
}

/** Returns undefined if the model, or another document of the change, was changed meanwhile. */
async function tryUpdate<T>(
  { store, configuredModel, settings, wallMs, log }: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<ModelUpdate<T> | undefined> {
  const { value: before, version } = await readModel(store, configuredModel);
  const updated = await update(before);
  const { model, reports, writes = [] } = updated;
  const isQueued = await enqueueReports(store, reports, {
    keepEntries: settings.pbxReportQueue,
    atMs: wallMs(),
    serial: model.device.sn,
    writes: model === before ? writes : [writeModel(model, version), ...writes],
  });
  if (!isQueued) return undefined;
  if (isDebugging(log)) for (const { report } of reports) log.debug({ tenant, report }, 'pbx report queued');
  return updated;
}
