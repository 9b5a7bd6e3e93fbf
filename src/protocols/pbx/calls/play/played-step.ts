/** What playing one step of a call returns. */
import type { Model } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import type { OpenCall } from './call.ts';
import type { Step } from './step.ts';

export interface PlayedStep {
  /** Undefined: the call is over. */
  readonly call: OpenCall | undefined;
  readonly model: Model;
  readonly reports: readonly Report[];
}

export type StepOf<N extends Step['step']> = Extract<Step, { step: N }>;

/** Plays one step. Throws CallRefused for a step that does not fit the call. */
export type Play<S extends Step> = (model: Model, call: OpenCall, step: S) => PlayedStep;
