/** Several steps of a call at once. Pure. */
import type { Model } from '../../model/model.ts';
import type { Report } from '../../reports/catalog.ts';
import { CallRefused, type OpenCall } from './call.ts';
import { conferenceReports } from './conference.ts';
import { playStep } from './play-step.ts';
import type { PlayedStep } from './played-step.ts';
import type { Step } from './step.ts';

/** A step after the end of a call. */
export class CallOver extends CallRefused {
  override readonly name = 'CallOver';
}

/**
 * Plays steps in order. `openCalls`: those under way in the PBX, who may be in a conference with the call. Throws CallRefused for a step that
 * cannot follow, and CallOver for one after the end.
 */
export function playSteps(
  model: Model,
  call: OpenCall,
  steps: readonly Step[],
  openCalls: readonly OpenCall[],
): PlayedStep {
  let state: Pick<PlayedStep, 'call' | 'model'> = { call, model };
  const reports: Report[] = [];
  for (const step of steps) {
    if (state.call === undefined) throw new CallOver(`the call is over before "${step.step}"`);
    const played = playStep(state.model, state.call, step);
    const change = { before: state.call, after: played.call };
    const isRecord = ({ report }: Report): boolean => report === 'NewCdr';
    reports.push(
      ...played.reports.filter((report) => !isRecord(report)),
      ...conferenceReports(model, change, openCalls),
      ...played.reports.filter(isRecord),
    );
    state = played;
  }
  return { ...state, reports };
}
