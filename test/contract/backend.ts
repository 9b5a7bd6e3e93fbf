/** What the shared suite needs of a driver under test: fresh nodes over one backend. */
import type { Driver, EventRetention } from '../../src/store/driver.ts';
import type { StoreOptions } from '../../src/store/runtime/create-store.ts';
import type { Store } from '../../src/store/store.ts';

export interface Node {
  readonly store: Store;
  /** The driver below, for what only tests do: taking time forward without sweeping. */
  readonly driver: Driver;
}

export interface NodeOptions extends StoreOptions {
  readonly events?: EventRetention;
  readonly maxTenantBytes?: number;
  readonly maxTenants?: number;
}

export interface BackendTraits {
  /** Several nodes may work on it at once. */
  readonly shared: boolean;
  /** It has `restart`, and what was answered before is there afterwards. */
  readonly survivesKill: boolean;
  /** How much more of a lease may remain after a kill than before, ms. Default: nothing. */
  readonly slackMs?: number;
}

export interface Backend {
  /** Opens a node; the suite closes it. */
  node(options?: NodeOptions): Promise<Node>;
  /** Takes everything down that was started for it. */
  stop(): Promise<void>;
  /** Ends what holds the data without a goodbye and starts it again on the same data. */
  restart?(): Promise<void>;
}
