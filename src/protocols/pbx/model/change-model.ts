/** How the emulated PBX changes: its model, the reports about the change and what else belongs to it, in one step. */
import { isDebugging } from '../../../settings/log.ts';
import type { DocumentWrite } from '../../../store/store.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import type { PbxContext } from '../api/context.ts';
import type { Report } from '../reports/catalog.ts';
import { enqueueReports } from '../reports/report-queue.ts';
import { type Model, readModel, writeModel } from './model.ts';

/** A change of the model: the reports about it, other documents that change with it, and what the request returns. */
export interface ModelUpdate<T> {
  readonly model: Model;
  readonly reports: readonly Report[];
  readonly writes?: readonly DocumentWrite[];
  readonly result: T;
}

/**
 * Changes the model and queues the reports about it. `update` is repeated if the model changed meanwhile. Rejects with Conflict if it
 * keeps changing.
 */
export async function changeModel<T>(
  context: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<T> {
  // The result may be undefined, which stands for a conflict here.
  const { result } = await retryOnConflict(() => tryUpdate(context, update));
  return result;
}

/** Returns undefined if the model, or another document of the change, was changed meanwhile. */
async function tryUpdate<T>(
  { store, configuredModel, settings, wallMs, log, emit }: PbxContext,
  update: (model: Model) => Promise<ModelUpdate<T>>,
): Promise<ModelUpdate<T> | undefined> {
  const { value: before, version } = await readModel(store, configuredModel);
  const updated = await update(before);
  const { model, reports, writes = [] } = updated;
  const isQueued = await enqueueReports(store, reports, {
    keepEntries: settings.pbxReportQueue,
    keepCallRecords: settings.pbxCallRecords,
    atMs: wallMs(),
    serial: model.device.sn,
    writes: model === before ? writes : [writeModel(model, version), ...writes],
  });
  if (!isQueued) return undefined;
  const { tenant } = store;
  for (const { report } of reports) emit({ type: 'report.queued', tenant, report });
  if (isDebugging(log)) for (const { report } of reports) log.debug({ tenant, report }, 'pbx report queued');
  return updated;
}
