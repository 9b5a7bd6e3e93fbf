/** `REDIS_URL`: the address of one Redis, of Sentinels and the name of their master, or of a Redis Cluster. */
import type { Endpoint } from './connections/connection.ts';

/** The URL is invalid or names a database that does not exist. The message holds no credentials. */
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
  /** The master's name at the Sentinels. */
  readonly master?: string;
  /** Kind and nodes, for logs and errors; without credentials. */
  readonly description: string;
}

const forms =
  'redis://host:port/db, rediss://…, redis+sentinel://host:port,host:port/master/db or redis+cluster://host:port,host:port';
const schemes = /^redis(s?)(?:\+(sentinel|cluster))?:\/\//;

/** Parses `REDIS_URL`. Throws RedisUrlError. */
export function parseRedisUrl(url: string): RedisTarget {
  const scheme = schemes.exec(url);
  if (scheme === null) throw new RedisUrlError(`unknown scheme; use ${forms}`);
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
        throw new RedisUrlError(`invalid host or port; use ${forms}`);
      return { host: match[1].replace(/^\[|\]$/g, ''), port };
    });
  if (kind === 'single' && nodes.length > 1)
    throw new RedisUrlError('several hosts; use redis+cluster:// or redis+sentinel://');
  const master = kind === 'sentinel' ? path.shift() : undefined;
  if (kind === 'sentinel' && (master === undefined || master === '')) {
    throw new RedisUrlError('missing master name; use redis+sentinel://host:port,host:port/master');
  }
  const dbText = path.join('/') === '' ? '0' : path.join('/');
  const db = Number(dbText);
  if (!/^\d{1,4}$/.test(dbText)) throw new RedisUrlError('invalid database; use a number');
  if (kind === 'cluster' && db !== 0)
    throw new RedisUrlError('a Redis Cluster has no databases but 0; leave the database out');
  let credentials: { username?: string; password?: string } = {};
  try {
    credentials = {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(rest.length === 0 ? {} : { password: decodeURIComponent(rest.join(':')) }),
    };
  } catch {
    throw new RedisUrlError('invalid credentials; percent-encode them');
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
