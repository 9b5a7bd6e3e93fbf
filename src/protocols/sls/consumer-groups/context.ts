/** What operations on consumer groups work with. */
import type { Log } from '../../../settings/log.ts';
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { ProtocolContext } from '../../kit/protocol.ts';
import type { SerialQueue } from '../../kit/serial-queue.ts';
import type { ResourceContext, ResourceSettings } from '../resources/context.ts';
import type { KnownGroup } from './group/known-group.ts';

export interface GroupSettings extends ResourceSettings {
  readonly slsMaxConsumerGroups: number;
  readonly slsMaxConsumers: number;
}

export interface GroupContext extends ResourceContext {
  readonly config: GroupSettings;
  readonly log: Log;
  /** Tells what happened to shards, for the stream of events. Absent: nobody listens. */
  readonly emit?: ProtocolContext['emit'];
  /** Groups as this process last read them, by project, logstore and name. */
  readonly groups: BoundedMap<string, KnownGroup>;
  /** Changes to a group by this process run one after the other: concurrent ones would only conflict. */
  readonly changes: SerialQueue;
}
