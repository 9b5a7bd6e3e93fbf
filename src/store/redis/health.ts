/** Checks which partitions are served now, and which of them accept writes. */
import { type StoreHealth, StoreUnavailable } from '../driver.ts';
import type { Connection } from './connections/connection.ts';
import type { Topology } from './connections/topology.ts';

export interface HealthOptions {
  readonly topology: Topology;
  readonly partitions: number;
  /** Runs one script in a partition. Resolves with the reason why Redis refuses writes that need memory, or with ''. */
  probe(partition: number): Promise<string>;
}

/** Probes each process that serves partitions. Rejects with StoreUnavailable if no partition is served. */
export async function checkHealth({ topology, partitions, probe }: HealthOptions): Promise<StoreHealth> {
  const away = new Map<number, string>();
  const refusing = new Map<number, string>();
  const served = new Map<Connection, number[]>();
  for (let partition = 0; partition < partitions; partition += 1) {
    try {
      const connection = topology.connectionOf(partition);
      served.set(connection, [...(served.get(connection) ?? []), partition]);
    } catch (error) {
      away.set(partition, (error as Error).message);
    }
  }
  await Promise.all(
    [...served.values()].map(async (ofNode) => {
      try {
        const refusal = await probe(ofNode[0] ?? 0);
        if (refusal !== '') for (const partition of ofNode) refusing.set(partition, refusal);
      } catch (error) {
        for (const partition of ofNode) away.set(partition, (error as Error).message);
      }
    }),
  );
  const [first] = away.values();
  if (away.size === partitions && first !== undefined) throw new StoreUnavailable(first);
  return { away: byReason(away), refusing: byReason(refusing) };
}

/** Groups partitions that have the same reason. */
function byReason(reasons: ReadonlyMap<number, string>): StoreHealth['away'] {
  const grouped = Map.groupBy(
    [...reasons.keys()].sort((a, b) => a - b),
    (partition) => reasons.get(partition) ?? '',
  );
  return [...grouped].map(([reason, partitions]) => ({ partitions, reason }));
}
