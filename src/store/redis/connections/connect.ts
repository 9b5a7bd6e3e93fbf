/** All connections of a driver: those for commands, by partition, and one that receives append notifications. */
import type { TenantBounds } from '../../driver.ts';
import type { Tenant } from '../../leases.ts';
import { appendsChannel } from '../keys.ts';
import { defineScripts } from '../scripts.ts';
import { DatabaseRefused } from '../store-error.ts';
import type { RedisTarget } from '../target.ts';
import { listenForAppends } from './appends.ts';
import { openCluster } from './cluster.ts';
import { type Connection, type ConnectionSettings, openConnection, type StoreLog } from './connection.ts';
import { checkLayout } from './layout.ts';
import { watchReplicaLag } from './replica-lag.ts';
import { openSentinels } from './sentinel.ts';
import { warnOfSettings } from './settings-check.ts';
import { hashSlot } from './slots.ts';
import {
  checkMaster,
  type NodeOptions,
  openSingle,
  selectDatabase,
  type Topology,
  type TopologyOptions,
} from './topology.ts';

export interface ConnectOptions {
  readonly partitions: number;
  readonly timeoutMs: number;
  /** `maxTenants`: of a partition. */
  readonly bounds: TenantBounds;
  readonly log: StoreLog;
  onAppend(tenant: Tenant, topic: string): void;
  /** Called when append notifications may have been lost. */
  onGap(): void;
}

export interface Connections {
  readonly topology: Topology;
  /** Resolves when all partitions are served and appends are notified. Rejects with DatabaseRefused. */
  readonly opened: Promise<void>;
  close(): void;
}

/** Maximum silence of a peer before the connection is dropped, ms: on connections for commands, and on others. */
const maxSilenceMs = 2_000;
const maxQuietSilenceMs = 1_000;

/** Opens the connections. They reconnect until they are closed. */
export function openConnections(target: RedisTarget, options: ConnectOptions): Connections {
  const { timeoutMs, log } = options;
  const { promise: served, resolve, reject } = Promise.withResolvers<void>();
  const settings: ConnectionSettings = { ...target, timeoutMs, log };
  const quietSilenceMs = Math.min(timeoutMs, maxQuietSilenceMs);

  const settle = (): void => {
    const faults = faultsOf(topology, options.partitions);
    const refused = faults.find((fault) => fault instanceof DatabaseRefused);
    if (refused !== undefined) reject(refused);
    else if (faults.every((fault) => fault === undefined)) resolve();
  };
  const open = ({ endpoint, isMaster, onUp, onDown }: NodeOptions): Connection => {
    let isChecked = false;
    const connection = openConnection(settings, {
      endpoint,
      purpose: 'commands',
      silenceMs: Math.min(timeoutMs, maxSilenceMs),
      async prepare(redis) {
        await selectDatabase(redis, target.db);
        if (isMaster) await checkMaster(redis);
        await checkLayout(redis, options.partitions);
      },
      onUp() {
        onUp?.();
        settle();
        // Notifications of the time without this connection are lost.
        options.onGap();
        if (!isChecked) warnOfSettings(connection.redis, target.kind, log).catch(() => {});
        isChecked = true;
      },
      onDown() {
        onDown?.();
        settle();
      },
    });
    defineScripts(connection.redis, options.bounds);
    return connection;
  };

  const topology = openTopology(target, options.partitions, {
    open,
    onEndpoints() {
      appends.follow();
      settle();
    },
    log,
    openSentinel: (sentinel) =>
      openConnection(
        { tls: false, db: 0, timeoutMs, log },
        { ...sentinel, purpose: 'sentinel', silenceMs: quietSilenceMs },
      ),
  });
  const appends = listenForAppends({
    channels: Array.from({ length: options.partitions }, (_, partition) => appendsChannel(partition)),
    endpoints: () => topology.endpoints,
    open: (subscriber) =>
      openConnection(settings, { ...subscriber, purpose: 'subscriber', silenceMs: quietSilenceMs }),
    onAppend: options.onAppend,
    onGap: options.onGap,
  });
  const stopWatchingLag = target.kind === 'sentinel' ? watchReplicaLag(topology, log) : undefined;
  return {
    topology,
    opened: Promise.all([served, appends.listening]).then(() => {}),
    close() {
      stopWatchingLag?.();
      appends.close();
      topology.close();
    },
  };
}

type OpenSentinel = Parameters<typeof openSentinels>[0]['openSentinel'];

function openTopology(
  target: RedisTarget,
  partitions: number,
  options: TopologyOptions & { readonly openSentinel: OpenSentinel },
): Topology {
  const [node] = target.nodes;
  if (target.kind === 'sentinel')
    return openSentinels({ ...options, sentinels: target.nodes, master: target.master ?? '' });
  if (target.kind === 'cluster') {
    const slots = Array.from({ length: partitions }, (_, partition) => hashSlot(`hb:${partition}`));
    return openCluster({ ...options, seeds: target.nodes, slots });
  }
  return openSingle(node ?? { host: '', port: 0 }, options);
}

/** Returns why each partition is not served; undefined for one that is. */
function faultsOf(topology: Topology, partitions: number): (Error | undefined)[] {
  return Array.from({ length: partitions }, (_, partition) => {
    try {
      return topology.connectionOf(partition).fault;
    } catch (error) {
      return error as Error;
    }
  });
}
