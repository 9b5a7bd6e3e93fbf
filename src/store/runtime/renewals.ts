/** Tells of renewals while a listener asks for them: each heartbeat is one, so that they are no events of the store. */
import type { Input, Result } from '../commands.ts';
import type { Store } from '../store.ts';

type Renewals = Pick<Store, 'observeRenewals'> & {
  /** Returns the result of a beat; once it is there, the listeners are told what it renewed. Without one this costs a branch. */
  tell(beat: Input<'beat'>, result: Promise<Result<'beat'>>): Promise<Result<'beat'>>;
};

/** Makes the renewals of a store, without listeners. */
export function makeRenewals(): Renewals {
  const listeners = new Set<Parameters<Store['observeRenewals']>[0]>();
  return {
    observeRenewals(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell({ tenant, holder }, result) {
      if (listeners.size === 0) return result;
      return result.then((told) => {
        for (const { group, state } of told.leases)
          if (state === 'renewed') for (const listener of listeners) listener({ tenant, group, holder });
        return told;
      });
    },
  };
}
