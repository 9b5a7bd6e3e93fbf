/** Polls all Sentinels of a master: at intervals, and at once when one of them announces a change. */
import { type Redis, ReplyError } from 'ioredis';
import {
  type Connection,
  type ConnectionOptions,
  type Endpoint,
  endpointName,
  type StoreLog,
} from './connection.ts';

/** A master as one Sentinel reports it. */
export interface SentinelView {
  readonly endpoint: Endpoint;
  /** Grows with each failover: if two Sentinels differ, the one with the greater epoch is right. */
  readonly epoch: number;
  /** A replica is about to be promoted: what the old master acknowledges from now on may be lost. */
  readonly isFailingOver: boolean;
}

export interface SentinelWatchOptions {
  readonly sentinels: readonly Endpoint[];
  readonly master: string;
  /** Opens a connection to a Sentinel. */
  open(options: Omit<ConnectionOptions, 'purpose' | 'silenceMs'>): Connection;
  /** Called with the views of all Sentinels that replied recently: at each change, and at intervals. */
  onViews(views: readonly SentinelView[]): void;
  readonly log: StoreLog;
}

export interface SentinelWatch {
  /** The reason why no Sentinel has named a master yet. */
  readonly failure: string;
  /** Polls all Sentinels soon, and as often as possible during a failover. */
  refresh(): void;
  close(): void;
}

interface Sentinel {
  readonly commands: Connection;
  readonly events: Connection;
  view: SentinelView | undefined;
  /** When the poll that gave the view began, and when the newest one did. */
  viewedAtMs: number;
  polledAtMs: number;
  isPolling: boolean;
}

const tickMs = 100;
/** Interval between two polls of a Sentinel outside failovers, ms. */
const pollMs = 1_000;
/** Maximum age of a view that counts, ms. */
const maxViewAgeMs = 3_000;
/** Maximum number of Sentinels that are polled, those that others report included. */
const maxSentinels = 16;
const patterns = ['*failover*', '+promoted-slave', '+switch-master'];

export function watchSentinels(options: SentinelWatchOptions): SentinelWatch {
  const { master, log } = options;
  const sentinels = new Map<string, Sentinel>();
  let failure = 'no Sentinel has replied yet';
  let isUrgent = false;

  const add = (endpoint: Endpoint): void => {
    if (sentinels.size >= maxSentinels || sentinels.has(endpointName(endpoint))) return;
    const onUp = (): Promise<void> => poll(sentinel);
    const sentinel: Sentinel = {
      commands: options.open({ endpoint, onUp }),
      events: options.open({ endpoint, onUp, prepare: (redis) => subscribe(redis, master, pollAll) }),
      view: undefined,
      viewedAtMs: 0,
      polledAtMs: 0,
      isPolling: false,
    };
    sentinels.set(endpointName(endpoint), sentinel);
  };
  const poll = async (sentinel: Sentinel): Promise<void> => {
    const { commands } = sentinel;
    if (commands.fault !== undefined || sentinel.isPolling) return;
    sentinel.isPolling = true;
    sentinel.polledAtMs = performance.now();
    try {
      const { view, others } = await readView(commands.redis, master);
      sentinel.view = view;
      sentinel.viewedAtMs = sentinel.polledAtMs;
      for (const other of others) add(other);
      publish();
    } catch (error) {
      const { message } = error as Error;
      // The connection logs its own failures.
      if (error instanceof ReplyError && message !== failure)
        log.warn(
          { node: endpointName(commands.endpoint), master, err: error },
          'sentinel poll failed; retrying',
        );
      failure = message;
    } finally {
      sentinel.isPolling = false;
    }
  };
  const pollAll = (): void => {
    for (const sentinel of sentinels.values()) poll(sentinel);
  };
  const publish = (): void => {
    const views = freshViews([...sentinels.values()]);
    isUrgent = views.some(({ isFailingOver }) => isFailingOver);
    options.onViews(views);
  };

  const ticker = setInterval(() => {
    const nowMs = performance.now();
    for (const sentinel of sentinels.values())
      if (isUrgent || nowMs - sentinel.polledAtMs >= pollMs) poll(sentinel);
    // The views of Sentinels that no longer reply expire.
    publish();
  }, tickMs);
  for (const endpoint of options.sentinels) add(endpoint);

  return {
    get failure() {
      return failure;
    },
    refresh() {
      isUrgent = true;
    },
    close() {
      clearInterval(ticker);
      for (const { commands, events } of sentinels.values())
        for (const one of [commands, events]) one.close();
    },
  };
}

function freshViews(sentinels: readonly Sentinel[]): SentinelView[] {
  const oldestMs = performance.now() - maxViewAgeMs;
  return sentinels.flatMap(({ view, viewedAtMs }) =>
    view !== undefined && viewedAtMs >= oldestMs ? [view] : [],
  );
}

async function subscribe(redis: Redis, master: string, onChange: () => void): Promise<void> {
  redis.removeAllListeners('pmessage').on('pmessage', (_pattern, _event, about: string) => {
    if (about.split(' ').includes(master)) onChange();
  });
  await redis.psubscribe(...patterns);
}

async function readView(
  redis: Redis,
  master: string,
): Promise<{ readonly view: SentinelView; readonly others: readonly Endpoint[] }> {
  const ask = (about: string): Promise<unknown> => redis.call('SENTINEL', about, master);
  const [details, address, sentinels] = await Promise.all([
    ask('MASTER'),
    ask('GET-MASTER-ADDR-BY-NAME'),
    ask('SENTINELS'),
  ]);
  const about = fieldsOf(details);
  const [host = '', port = ''] = address as readonly string[];
  // Once the replica is promoted, the address is its own, and the details are still those of the old master.
  const isPromoted = about.get('ip') !== host || about.get('port') !== port;
  const view = {
    endpoint: { host, port: Number(port) },
    epoch: Number(about.get('config-epoch')),
    isFailingOver: !isPromoted && hasFlag(about, 'failover_in_progress'),
  };
  const others = (sentinels as readonly unknown[])
    .map(fieldsOf)
    .filter((other) => !hasFlag(other, 'disconnected') && Number(other.get('port')) > 0)
    .map((other) => ({ host: other.get('ip') ?? '', port: Number(other.get('port')) }));
  return { view, others };
}

/** `name, value, name, value, …`. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const flat = reply as readonly string[];
  return new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
}

function hasFlag(fields: ReadonlyMap<string, string>, flag: string): boolean {
  return fields.get('flags')?.split(',').includes(flag) === true;
}
