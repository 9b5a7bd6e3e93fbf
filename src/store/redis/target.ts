/** What `REDIS_URL` names: one Redis, the master that Sentinels name, or a Redis Cluster. */
import type { Endpoint } from './connections/connection.ts';

/** The URL cannot be understood; the message never holds credentials. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly Endpoint[];
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
