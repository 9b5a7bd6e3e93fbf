/** What operations on projects, logstores and shards work with. */
import type { Store, Tenant } from '../../../store/store.ts';
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { Versioned } from '../../kit/documents.ts';
import type { Logstore } from './logstores/logstore.ts';

export interface ResourceSettings {
  readonly slsAutoCreate: boolean;
  readonly slsShardCount: number;
  readonly slsMaxProjects: number;
  readonly slsMaxLogstores: number;
  readonly slsMaxShards: number;
}

export interface ResourceContext {
  readonly store: Store;
  readonly config: ResourceSettings;
  /** Logstores as this process last read them, by project and name. An entry may be out of date: guard what follows by its version. */
  readonly logstores: BoundedMap<string, Versioned<Logstore>>;
  /** The date of a project's tenant, seconds since 1970. */
  nowSeconds(tenant: Tenant): Promise<number>;
  randomBytes(size: number): Buffer;
}
