/** Follows the masters of a Redis Cluster. If one fails, only its own partitions are away. */
import { StoreUnavailable } from '../../driver.ts';
import { type Connection, type Endpoint, endpointName } from './connection.ts';
import { openNodes } from './nodes.ts';
import { readSlotMap, type SlotRange } from './slots.ts';
import type { Topology, TopologyOptions } from './topology.ts';

export interface ClusterOptions extends TopologyOptions {
  readonly seeds: readonly Endpoint[];
  /** The hash slot of each partition. */
  readonly slots: readonly number[];
}

/** Interval between two reads of the slot map, ms: usually, while it has gaps, and after an error. */
const refreshMs = 1_000;
const incompleteMs = 200;
const soonMs = 50;
/** How long the connection to a node that imports slots is kept after a command, ms. */
const importingMs = 10_000;

export function openCluster(options: ClusterOptions): Topology {
  const nodes = openNodes((endpoint) =>
    options.open({ endpoint, isMaster: false, onUp: refresh, onDown: refresh }),
  );
  /** Nodes that import slots and may own none yet, and until when their connections are kept, ms. */
  const importing = new Map<Endpoint, number>();
  let serving: readonly (Connection | undefined)[] = options.slots.map(() => undefined);
  let isClosed = false;
  let isReading = false;
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;

  const masters = (): Endpoint[] => [...new Set(serving)].flatMap((node) => node?.endpoint ?? []);
  const schedule = (inMs: number): void => {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(read, inMs);
  };
  function refresh(): void {
    if (!isReading) schedule(soonMs);
  }
  const read = async (): Promise<void> => {
    isReading = true;
    const ranges = await readSlotMap(nodes.all, turn++);
    isReading = false;
    if (isClosed) return;
    if (ranges === undefined) nodes.keep([...masters(), ...options.seeds]);
    else apply(ranges);
    schedule(serving.includes(undefined) ? incompleteMs : refreshMs);
  };
  const apply = (ranges: readonly SlotRange[]): void => {
    serving = options.slots.map((slot) => {
      const range = ranges.find(({ first, last }) => first <= slot && slot <= last);
      return range && nodes.open(range.master);
    });
    const nowMs = performance.now();
    for (const [endpoint, untilMs] of importing) if (untilMs < nowMs) importing.delete(endpoint);
    nodes.keep([...masters(), ...importing.keys()]);
    options.onEndpoints();
  };

  nodes.keep(options.seeds);
  schedule(refreshMs);
  return {
    connectionOf(partition) {
      const connection = serving[partition];
      if (connection === undefined) throw new StoreUnavailable(unservedReason(nodes.all));
      return connection;
    },
    get endpoints() {
      return masters();
    },
    refresh,
    redirect(partition, to, isOnce) {
      refresh();
      const connection = nodes.open(to);
      if (isOnce) importing.set(connection.endpoint, performance.now() + importingMs);
      else serving = serving.with(partition, connection);
      return connection;
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      nodes.keep([]);
    },
  };
}

function unservedReason(nodes: readonly Connection[]): string {
  const away = nodes.find(({ fault }) => fault !== undefined);
  const about = away === undefined ? '' : `; ${endpointName(away.endpoint)}: ${away.fault?.message}`;
  return `no node of the cluster serves the slot${about}`;
}
