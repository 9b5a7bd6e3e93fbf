/** Connections to one Redis, to the master that Sentinels name, or to a Redis Cluster, from one setting. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { limitHandshake } from './handshake.ts';

/** The URL cannot be understood; the message never holds credentials. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** The name that Sentinels know the master by. */
  readonly master?: string;
  /** For people: kind and nodes, no credentials. */
  readonly description: string;
}

const forms =
  'redis://host:port/db, rediss://…, redis+sentinel://host:port,host:port/master/db or redis+cluster://host:port,host:port';
const schemes = /^redis(s?)(?:\+(sentinel|cluster))?:\/\//;

/** Understands `REDIS_URL`. Throws RedisUrlError. */
export function parseRedisUrl(url: string): RedisTarget {
  const scheme = schemes.exec(url);
  if (scheme === null) throw new RedisUrlError(`is none of ${forms}`);
  const kind = (scheme[2] ?? 'single') as RedisTarget['kind'];
  const [authority = '', ...path] = url.slice(scheme[0].length).split('/');
  const at = authority.lastIndexOf('@');
  const [username = '', ...rest] = at === -1 ? [] : authority.slice(0, at).split(':');
  const nodes = authority
    .slice(at + 1)
    .split(',')
    .map((node) => {
      const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s?#]+)(?::(\d{1,5}))?$/.exec(node);
      const port = Number(match?.[2] ?? (kind === 'sentinel' ? 26_379 : 6_379));
      if (match?.[1] === undefined || port < 1 || port > 65_535)
        throw new RedisUrlError(`names no host and port; it is none of ${forms}`);
      return { host: match[1].replace(/^\[|\]$/g, ''), port };
    });
  if (kind === 'single' && nodes.length > 1)
    throw new RedisUrlError('names several hosts; write redis+cluster:// or redis+sentinel://');
  const master = kind === 'sentinel' ? path.shift() : undefined;
  if (kind === 'sentinel' && (master === undefined || master === '')) {
    throw new RedisUrlError('names no master: redis+sentinel://host:port,host:port/master');
  }
  const dbText = path.join('/') === '' ? '0' : path.join('/');
  const db = Number(dbText);
  if (!/^\d{1,4}$/.test(dbText)) throw new RedisUrlError('has a database that is not a number');
  if (kind === 'cluster' && db !== 0)
    throw new RedisUrlError('names a database, and a Redis Cluster has only 0');
  let credentials: { username?: string; password?: string } = {};
  try {
    credentials = {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(rest.length === 0 ? {} : { password: decodeURIComponent(rest.join(':')) }),
    };
  } catch {
    throw new RedisUrlError('has credentials that are not percent-encoded');
  }
  const where = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const kinds = {
    single: 'redis',
    sentinel: `redis by sentinel, master ${master}`,
    cluster: 'redis cluster',
  };
  return {
    kind,
    nodes,
    tls: scheme[1] === 's',
    ...credentials,
    db,
    ...(master === undefined ? {} : { master }),
    description: `${kinds[kind]} at ${where}${db === 0 ? '' : `, database ${db}`}`,
  };
}

/** Longest pause between two tries to connect again, ms. */
const maxRetryMs = 250;
/** Longest pause between two looks at a Redis that is still loading its data, ms. */
const maxLoadingRetryMs = 200;
const retryAfter = (attempt: number): number => Math.min(attempt * 50, maxRetryMs);

/**
 * Returns a connection that fails at once while Redis is away, sends nothing twice, and comes back by itself: connecting
 * and its handshake are limited in time.
 */
export function connect(target: RedisTarget, timeoutMs: number): Redis | Cluster {
  const shared: RedisOptions = {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // The driver subscribes anew by itself: a failure of ioredis's own attempt would be nobody's to catch.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    maxLoadingRetryTime: maxLoadingRetryMs,
    // One step less before a connection is ready.
    disableClientInfo: true,
    noDelay: true,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: {} } : {}),
  };
  if (target.kind === 'cluster') {
    const cluster = new Cluster([...target.nodes], {
      redisOptions: shared,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryAfter,
      slotsRefreshTimeout: timeoutMs,
      slotsRefreshInterval: 5_000,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      retryDelayOnTryAgain: 50,
    });
    cluster.on('+node', (node: Redis) => limitHandshake(node, timeoutMs));
    return cluster;
  }
  const redis = connectToOne(target, timeoutMs, shared);
  limitHandshake(redis, timeoutMs);
  return redis;
}

function connectToOne(target: RedisTarget, timeoutMs: number, shared: RedisOptions): Redis {
  if (target.kind === 'sentinel') {
    return new Redis({
      ...shared,
      sentinels: [...target.nodes],
      name: target.master ?? '',
      db: target.db,
      retryStrategy: retryAfter,
      sentinelRetryStrategy: retryAfter,
      sentinelCommandTimeout: timeoutMs,
      ...(target.tls ? { enableTLSForSentinelMode: true } : {}),
    });
  }
  const [node] = target.nodes;
  return new Redis({
    ...shared,
    host: node?.host ?? '',
    port: node?.port ?? 0,
    db: target.db,
    retryStrategy: retryAfter,
  });
}
