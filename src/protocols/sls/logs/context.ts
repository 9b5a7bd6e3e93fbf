/** What operations on logs work with. */
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { ResourceContext, ResourceSettings } from '../resources/context.ts';

export interface LogSettings extends ResourceSettings {
  readonly slsMaxLogGroupBytes: number;
  readonly slsMaxLogsPerGroup: number;
  readonly slsMaxBatchBytes: number;
  readonly slsMaxShardBytes: number;
  readonly slsMaxShardLogGroups: number;
}

export interface LogContext extends ResourceContext {
  readonly config: LogSettings;
  /** Counts log groups without a hash key, which go to the shards in turn. */
  readonly roundRobin: { next: number };
  /** When the newest log group of a topic was received, as far as this process knows, seconds since 1970. */
  readonly received: BoundedMap<string, number>;
}
