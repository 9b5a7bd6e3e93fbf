/** Follows the master that Sentinels name. It must do so at once, for what a demoted master acknowledges is lost. */
import { StoreUnavailable } from '../../driver.ts';
import { type Connection, type Endpoint, endpointName } from './connection.ts';
import { type SentinelView, type SentinelWatchOptions, watchSentinels } from './sentinel-watch.ts';
import type { Topology, TopologyOptions } from './topology.ts';

export interface SentinelOptions extends TopologyOptions {
  readonly sentinels: readonly Endpoint[];
  /** The master's name at the Sentinels. */
  readonly master: string;
  readonly openSentinel: SentinelWatchOptions['open'];
}

/** The master that serves now, and the epoch of the view that named it. */
interface Followed {
  readonly connection: Pick<Connection, 'endpoint' | 'fault'>;
  readonly epoch: number;
}

/** Opens the topology. During a failover commands are refused, until the new master is known or the failover is aborted. */
export function openSentinels(options: SentinelOptions): Topology {
  const { master, log } = options;
  let connection: Connection | undefined;
  let epoch = 0;
  let isFailingOver = false;

  const switchTo = (endpoint: Endpoint): void => {
    if (connection !== undefined) {
      const [node, before] = [endpoint, connection.endpoint].map(endpointName);
      log.warn({ master, node, before }, 'redis master switched');
    }
    connection?.close();
    connection = options.open({ endpoint, isMaster: true, onDown: () => watch.refresh() });
    options.onEndpoints();
  };
  const follow = (views: readonly SentinelView[]): void => {
    const chosen = chooseView(views, connection && { connection, epoch });
    if (chosen !== undefined) {
      epoch = chosen.epoch;
      if (connection === undefined || !isSame(chosen.endpoint, connection.endpoint))
        switchTo(chosen.endpoint);
    }
    const wasFailingOver = isFailingOver;
    isFailingOver = views.some((view) => view.isFailingOver && view.epoch >= epoch);
    if (isFailingOver && !wasFailingOver)
      log.warn({ master }, 'sentinel failover under way; refusing commands until it is over');
  };
  const watch = watchSentinels({
    sentinels: options.sentinels,
    master,
    open: options.openSentinel,
    onViews: follow,
    log,
  });

  return {
    connectionOf() {
      if (isFailingOver) throw new StoreUnavailable(`a failover of ${master} is under way`);
      if (connection === undefined)
        throw new StoreUnavailable(`no Sentinel has named the master ${master}: ${watch.failure}`);
      return connection;
    },
    get endpoints() {
      return connection === undefined ? [] : [connection.endpoint];
    },
    refresh: () => watch.refresh(),
    close() {
      watch.close();
      connection?.close();
    },
  };
}

/**
 * Returns the view with the greatest epoch, preferably of the master that serves now; undefined: there is none to follow.
 * Views behind the epoch that is followed are out of date, unless its master is away: then Sentinels may have been set up
 * anew.
 */
export function chooseView(
  views: readonly SentinelView[],
  followed: Followed | undefined,
): SentinelView | undefined {
  const epoch = Math.max(...views.map((view) => view.epoch));
  const newest = views.filter((view) => view.epoch === epoch);
  if (followed === undefined) return newest[0];
  if (epoch < followed.epoch && followed.connection.fault === undefined) return undefined;
  return newest.find(({ endpoint }) => isSame(endpoint, followed.connection.endpoint)) ?? newest[0];
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.host === other.host && one.port === other.port;
}
