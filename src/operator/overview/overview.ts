/** Counts what the overview shows: replies to vendor requests, expiries and their lateness. */
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { makeLateness } from './lateness.ts';
import { overviewRoutes } from './overview-routes.ts';
import { makeRates } from './rates.ts';

export interface Overview {
  /** Counts the reply to a vendor request. */
  countReply(status: number): void;
  routes(app: App): void;
  /** Stops observing the store. */
  close(): void;
}

/** Makes the overview of a node. */
export function makeOverview({
  store,
  wallMs,
  liveNodes,
}: {
  readonly store: Store;
  wallMs(): number;
  liveNodes(): Promise<readonly string[]>;
}): Overview {
  const rates = makeRates();
  const lateness = makeLateness();
  const close = store.observeRuns(({ type, lateMs, holders }) => {
    if (type !== 'expired') return;
    rates.count('expiries', wallMs(), holders.length);
    lateness.add(lateMs, holders.length);
  });
  return {
    close,
    countReply(status) {
      const nowMs = wallMs();
      rates.count('requests', nowMs);
      if (status >= 400) rates.count('errors', nowMs);
    },
    routes: (app) => overviewRoutes(app, { store, rates, lateness, wallMs, liveNodes }),
  };
}
