/** Notices that no replica has what its master acknowledged some time ago: a failover would lose it. */
import type { Redis } from 'ioredis';
import { endpointName, type StoreLog } from './connection.ts';
import type { Topology } from './topology.ts';

/** How far a master is, and its replica that is furthest, in bytes of the replication stream. */
export interface Replication {
  readonly written: number;
  /** 0 without a replica. */
  readonly acknowledged: number;
  readonly replicas: number;
}

/** Reads `INFO replication`; undefined: it is not that of a master. */
export function parseReplication(info: string): Replication | undefined {
  const written = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
  if (!/^role:master/m.test(info) || written === undefined) return undefined;
  const offsets = [...info.matchAll(/^slave\d+:\S*state=online,offset=(\d+)/gm)].map(([, offset]) =>
    Number(offset),
  );
  return { written: Number(written), acknowledged: Math.max(0, ...offsets), replicas: offsets.length };
}

/** Maximum number of readings that wait to be acknowledged: the oldest one decides. */
const maxReadings = 600;

/** Returns a function that returns how long ago the oldest write was that no replica has acknowledged, ms. */
export function makeReplicaLag(): (reading: Replication, nowMs: number) => number {
  const unacknowledged: { readonly written: number; readonly atMs: number }[] = [];
  return ({ written, acknowledged }, nowMs) => {
    if (unacknowledged.length < maxReadings) unacknowledged.push({ written, atMs: nowMs });
    while (unacknowledged[0] !== undefined && unacknowledged[0].written <= acknowledged)
      unacknowledged.shift();
    return nowMs - (unacknowledged[0]?.atMs ?? nowMs);
  };
}

const readEveryMs = 1_000;
/** From which lag on a warning is logged, ms: replicas acknowledge every second. */
const warnFromMs = 10_000;

/** Logs when the replicas of the master that serves now fall behind, and when one has caught up. Returns how to stop that. */
export function watchReplicaLag(topology: Pick<Topology, 'connectionOf'>, log: StoreLog): () => void {
  let redis: Redis | undefined;
  let lagOf = makeReplicaLag();
  let isBehind = false;
  const read = async (): Promise<void> => {
    const connection = topology.connectionOf(0);
    if (connection.fault !== undefined) return;
    if (connection.redis !== redis) {
      redis = connection.redis;
      lagOf = makeReplicaLag();
      isBehind = false;
    }
    const reading = parseReplication(await connection.redis.info('replication'));
    if (reading === undefined || connection.redis !== redis) return;
    const lagMs = Math.round(lagOf(reading, performance.now()));
    const node = endpointName(connection.endpoint);
    if (lagMs >= warnFromMs && !isBehind) {
      isBehind = true;
      const { replicas } = reading;
      log.warn(
        { node, lagMs, replicas },
        'redis replicas are behind; a failover now loses acknowledged writes',
      );
    } else if (isBehind && lagMs < readEveryMs) {
      isBehind = false;
      log.info({ node }, 'redis replica has caught up');
    }
  };
  // A failover is under way, or this user may not read it.
  const timer = setInterval(() => void read().catch(() => {}), readEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}
