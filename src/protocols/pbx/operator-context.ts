/** What the routes of the operator side share: what they work on, how they refuse, and how they change the model. */
import { Type } from '@sinclair/typebox';
import type { DocumentWrite, Store } from '../../store/store.ts';
import type { LoginFailures } from './login-failures.ts';
import { type Model, readModel, writeModel } from './model.ts';
import { enqueueReports } from './report-queue.ts';
import type { Report } from './reports.ts';

export interface OperatorContext {
  readonly store: Store;
  /** What the model is until somebody changes it. */
  readonly configured: Model;
  readonly failures: LoginFailures;
  readonly queueLength: number;
  wallMs(): number;
  randomBytes(size: number): Buffer;
}

/** Answered with its status and message. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export const tags = ['operator'];
const Failure = Type.Object({ error: Type.String() });
export const failures = {
  400: Failure,
  401: Failure,
  403: Failure,
  404: Failure,
  409: Failure,
  503: Failure,
};
export const Queued = Type.Object({ queued: Type.Integer({ description: 'reports' }) });

const attemptsAtOnce = 20;

/** What becomes of the model, the reports that tell of it, and what is answered. */
export interface Change<T> {
  readonly model: Model;
  readonly reports: readonly Report[];
  readonly writes?: readonly DocumentWrite[];
  readonly answer: T;
}

/** Reads the model, changes it, and writes it with the reports of the change in one step; again if it moved meanwhile. */
export async function change<T>(
  { store, configured, queueLength, wallMs }: OperatorContext,
  make: (model: Model) => Promise<Change<T>>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsAtOnce; attempt += 1) {
    const { model, version } = await readModel(store, configured);
    const made = await make(model);
    const writes = [
      ...(made.model === model ? [] : [writeModel(made.model, version)]),
      ...(made.writes ?? []),
    ];
    const happening = { keepEntries: queueLength, atMs: wallMs(), serial: made.model.device.sn };
    if (await enqueueReports(store, made.reports, happening, writes)) return made.answer;
  }
  throw new Refused(409, 'others change the same at the same time');
}
