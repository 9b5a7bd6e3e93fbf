/** The sweeps of the embedded driver: who may sweep, what is due, and what is left in the file of leases that have ended. */
import type { Driver } from '../driver.ts';
import type { StoreFile } from './file/store-file.ts';
import { untilNextDue } from './leases/sweep.ts';
import { makeSweepSlice, nothingDue } from './leases/sweep-slice.ts';
import { never, type State } from './state.ts';
import type { Steps } from './steps/steps.ts';

/** Interval of the sweeps that delete the rows of ended leases while nothing is due, ms. */
const tidyIntervalMs = 20;

export interface SweepOptions {
  readonly state: State;
  readonly file: StoreFile | undefined;
  readonly steps: Pick<Steps, 'run' | 'refusal'>;
  /** Measures how long a sweep takes, ms. */
  readonly monotonicMs: () => number;
}

/** Returns the sweeps of a state. */
export function makeSweeps({
  state,
  file,
  steps,
  monotonicMs,
}: SweepOptions): Pick<Driver, 'sweep' | 'claimSweep'> {
  const sweepSlice = makeSweepSlice(state, steps.run, monotonicMs);
  let claim = { owner: '', untilMs: 0 };
  return {
    async sweep(_partition, owner, budget) {
      const refusal = steps.refusal();
      if (refusal !== undefined) throw refusal;
      const isClaimed = claim.owner !== owner && state.wallMs() < claim.untilMs;
      const { expired, more } = isClaimed ? steps.run(nothingDue) : sweepSlice(budget);
      const untilTidyMs = tidyAfter(more, file, steps.run) ? tidyIntervalMs : never;
      const nextInMs = Math.min(untilNextDue(state), untilTidyMs);
      return { expired, more, nextInMs: nextInMs === never ? null : nextInMs };
    },
    async claimSweep(_partition, owner, forMs) {
      if (forMs > 0 || claim.owner === owner) claim = { owner, untilMs: state.wallMs() + forMs };
    },
  };
}

/** After a sweep that left nothing due, deletes a part of what is to be deleted in the file. Returns whether there is more of that. */
function tidyAfter(isBehind: boolean, file: StoreFile | undefined, run: Steps['run']): boolean {
  const isChanged = file?.swept(isBehind ? 'behind' : 'done') === true;
  if (isBehind || file?.isUntidy !== true) return false;
  // The log that the sweeps before have filled is copied first: requests should not wait for both at once.
  if (isChanged) return true;
  try {
    run(() => file.tidy());
  } catch {
    // The next sweep reports that the file refuses writes.
  }
  return file.isUntidy;
}
