/** Makes what a step changed durable before its result is used, or reverts it. */
import type { Log } from '../../../settings/log.ts';
import { StoreUnavailable } from '../../driver.ts';
import { tick } from '../../runtime/lease-clock.ts';
import type { StoreFile } from '../file/store-file.ts';
import type { State } from '../state.ts';
import { forgetChanges, revertChanges } from './undo.ts';

/** Minimum interval between two attempts to write a file that refused a write, ms. */
const retryMs = 100;

export interface Steps {
  /**
   * Runs a step and writes its changes to the file. If the file refuses them they are reverted, as are the ticks of the lease
   * clock: an outage of the file expires nothing. Throws StoreUnavailable then.
   */
  run<T>(step: () => T): T;
  /** Returns why the file takes no writes now, after another attempt if the last is some time ago; undefined if it does. */
  refusal(): StoreUnavailable | undefined;
}

/** Returns what runs steps on a state; without a file no step is refused. */
export function makeSteps(state: State, file: StoreFile | undefined, log: Pick<Log, 'warn' | 'info'>): Steps {
  let refused: { readonly error: StoreUnavailable; readonly wallMs: number } | undefined;

  const write = (): void => {
    // Wall time may go back: the clock must not fall behind a reading that was used, and no deadline in the file may be more
    // than its TTL after the clock there.
    state.clock = tick(state.clock, state.wallMs());
    file?.flush(state);
    forgetChanges(state);
    if (refused === undefined) return;
    refused = undefined;
    log.info({}, 'store file accepts writes again');
  };
  const revert = (error: Error): void => {
    revertChanges(state);
    file?.discard();
    if (!(error instanceof StoreUnavailable)) return;
    if (refused === undefined) log.warn({ err: error }, 'store file refuses writes; reads are still served');
    refused = { error, wallMs: state.wallMs() };
  };
  const run: Steps['run'] = (step) => {
    const { clock } = state;
    try {
      const result = step();
      write();
      return result;
    } catch (error) {
      revert(error as Error);
      state.clock = clock;
      throw error;
    }
  };

  return {
    run,
    refusal() {
      if (refused === undefined || Math.abs(state.wallMs() - refused.wallMs) < retryMs) return refused?.error;
      try {
        run(() => file?.clockChanged());
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
      }
      return refused?.error;
    },
  };
}
