/** Checks which partitions are served now. */
import { type StoreHealth, StoreUnavailable } from '../driver.ts';
import type { Connection } from './connections/connection.ts';
import type { Topology } from './connections/topology.ts';

export interface HealthOptions {
  readonly topology: Topology;
  readonly partitions: number;
  /** Runs one script in a partition. */
  probe(partition: number): Promise<unknown>;
}

/** Probes each process that serves partitions. Rejects with StoreUnavailable if no partition is served. */
export async function checkHealth({ topology, partitions, probe }: HealthOptions): Promise<StoreHealth> {
  const reasons = new Map<number, string>();
  const served = new Map<Connection, number[]>();
  for (let partition = 0; partition < partitions; partition += 1) {
    try {
      const connection = topology.connectionOf(partition);
      served.set(connection, [...(served.get(connection) ?? []), partition]);
    } catch (error) {
      reasons.set(partition, (error as Error).message);
    }
  }
  await Promise.all(
    [...served.values()].map(async (ofNode) => {
      try {
        await probe(ofNode[0] ?? 0);
      } catch (error) {
        for (const partition of ofNode) reasons.set(partition, (error as Error).message);
      }
    }),
  );
  const byReason = Map.groupBy(
    [...reasons.keys()].sort((a, b) => a - b),
    (partition) => reasons.get(partition) ?? '',
  );
  const [first] = byReason.keys();
  if (reasons.size === partitions && first !== undefined) throw new StoreUnavailable(first);
  return { away: [...byReason].map(([reason, ofReason]) => ({ partitions: ofReason, reason })) };
}
