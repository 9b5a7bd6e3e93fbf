/** How tenants are spread over partitions. A database keeps the partitions that it was first used with. */
import { crc32 } from 'node:zlib';
import type { Tenant } from '../leases.ts';
import { serverSpace } from '../server-space.ts';
import type { RedisTarget } from './target.ts';

export interface Partitions {
  readonly partitions: number;
  partitionOf(tenant: Tenant): number;
  /** Returns how many tenants of clients a partition may have, of so many in all; 0: no limit. */
  shareOf(maxTenants: number): number;
}

/** A Redis Cluster spreads partitions over its masters: there can be no more masters. */
const ofCluster = 64;
const maxKnownTenants = 10_000;

/** Returns the partitions of a kind of topology, or so many that share all tenants. */
export function partitionsOf(kind: RedisTarget['kind'], count?: number): Partitions {
  return kind === 'cluster' || count !== undefined ? spread(count ?? ofCluster) : together;
}

/**
 * One Redis runs one script at a time, so parts of it would only take more calls. What nodes share has a partition to itself: its appends
 * are always notified, those of clients only while a node waits for them.
 */
const together: Partitions = {
  partitions: 2,
  partitionOf: (tenant) => (tenant.startsWith(serverSpace) ? 1 : 0),
  shareOf: (maxTenants) => maxTenants,
};

function spread(partitions: number): Partitions {
  const known = new Map<Tenant, number>();
  return {
    partitions,
    // It is called for every command, mostly for the same tenants.
    partitionOf(tenant) {
      let partition = known.get(tenant);
      if (partition === undefined) {
        partition = crc32(tenant) % partitions;
        if (known.size >= maxKnownTenants) known.clear();
        known.set(tenant, partition);
      }
      return partition;
    },
    // The share and four standard deviations, because names do not spread evenly. With 64 partitions a limit of 10 000 is reached between
    // that and 13 248.
    shareOf(maxTenants) {
      if (maxTenants === 0 || partitions === 1) return maxTenants;
      const share = maxTenants / partitions;
      return Math.ceil(share + 4 * Math.sqrt(share));
    },
  };
}
