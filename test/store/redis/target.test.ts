import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/store/redis/target.ts';

describe('REDIS_URL', () => {
  it('names one Redis', () => {
    expect(parseRedisUrl('redis://localhost')).toMatchObject({
      kind: 'single',
      tls: false,
      db: 0,
      nodes: [{ host: 'localhost', port: 6_379 }],
    });
    expect(parseRedisUrl('rediss://user:p%40ss:word@10.0.0.1:6380/3')).toMatchObject({
      kind: 'single',
      tls: true,
      username: 'user',
      password: 'p@ss:word',
      db: 3,
      nodes: [{ host: '10.0.0.1', port: 6_380 }],
    });
    expect(parseRedisUrl('redis://:secret@[::1]:7000').nodes).toEqual([{ host: '::1', port: 7_000 }]);
  });

  it('names Sentinels and their master', () => {
    expect(parseRedisUrl('redis+sentinel://a,b:26380/mymaster/2')).toMatchObject({
      kind: 'sentinel',
      master: 'mymaster',
      db: 2,
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
    });
  });

  it('names nodes of a Redis Cluster', () => {
    expect(parseRedisUrl('rediss+cluster://a:1,b:2')).toMatchObject({
      kind: 'cluster',
      tls: true,
      nodes: [{ port: 1 }, { port: 2 }],
    });
  });

  it('never shows credentials', () => {
    expect(parseRedisUrl('redis://user:secret@host:1/4').description).toBe('redis at host:1, database 4');
  });

  it.each([
    ['http://localhost', 'unknown scheme'],
    ['localhost:6379', 'unknown scheme'],
    ['redis://', 'invalid host'],
    ['redis://host:99999', 'invalid host'],
    // As a host it would be printed.
    ['redis://host?password=secret', 'invalid host'],
    ['redis://a,b', 'several hosts'],
    ['redis://a/x', 'database'],
    ['redis+cluster://a/1', 'no databases but 0'],
    ['redis+sentinel://a', 'missing master'],
    ['redis://%zz@a', 'percent-encode'],
  ])('%s is refused: %s', (url, reason) => {
    expect(() => parseRedisUrl(url)).toThrow(reason);
  });
});
