import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  makeReplicaLag,
  parseReplication,
  watchReplicaLag,
} from '../../../../src/store/redis/connections/replica-lag.ts';
import { recordedLog } from '../../../recorded-log.ts';
import { type RedisServer, startRedis } from '../../../redis-server.ts';

describe('the lag of replicas', () => {
  const at = (written: number, acknowledged: number) => ({ written, acknowledged, replicas: 1 });

  it('is the age of the oldest write that no replica has acknowledged', () => {
    const lagOf = makeReplicaLag();
    expect(lagOf(at(100, 100), 0)).toBe(0);
    expect(lagOf(at(200, 100), 1_000)).toBe(0);
    expect(lagOf(at(300, 100), 2_000)).toBe(1_000);
    expect(lagOf(at(400, 200), 3_000)).toBe(1_000);
    expect(lagOf(at(400, 400), 4_000)).toBe(0);
  });

  it('grows without a replica, however long that lasts', () => {
    const lagOf = makeReplicaLag();
    let lagMs = 0;
    for (let second = 0; second <= 10_000; second += 1)
      lagMs = lagOf({ written: second + 1, acknowledged: 0, replicas: 0 }, 1_000 * second);
    expect(lagMs).toBe(10_000_000);
  });
});

describe('over a master with a replica', () => {
  let master: RedisServer;
  let replica: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    const extra = ['--repl-diskless-sync-delay', '0'];
    master = await startRedis({ extra });
    replica = await startRedis({ extra: [...extra, '--replicaof', '127.0.0.1', String(master.port)] });
    redis = new Redis(master.port, '127.0.0.1');
  });
  afterAll(async () => {
    redis.disconnect();
    replica.thaw();
    await replica.stop();
    await master.stop();
  });
  const read = async () => parseReplication(await redis.info('replication'));

  it('reads what the master wrote and what the replica acknowledged', async () => {
    await redis.set('a', '1');
    await redis.wait(1, 0);
    await vi.waitFor(async () => {
      const reading = await read();
      expect(reading?.replicas).toBe(1);
      expect(reading?.acknowledged).toBeGreaterThan(0);
      expect(reading?.acknowledged).toBe(reading?.written);
    }, 20_000);
    replica.freeze();
    await redis.set('a', '2');
    const behind = await read();
    expect(behind?.acknowledged).toBeLessThan(behind?.written ?? 0);
    expect(parseReplication('role:slave\r\nmaster_repl_offset:1\r\n')).toBeUndefined();
  });

  it('warns once when no replica has acknowledged a write for ten seconds, and logs that one caught up', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const { logger, lines } = recordedLog();
      const infos = [
        'role:master\r\nmaster_repl_offset:5\r\nslave0:ip=::1,port=1,state=online,offset=4,lag=0\r\n',
      ];
      const connection = {
        endpoint: { host: 'h', port: 1 },
        fault: undefined,
        redis: { info: async () => infos.at(-1) ?? '' } as unknown as Redis,
        close() {},
      };
      const stop = watchReplicaLag({ connectionOf: () => connection }, logger);
      await vi.advanceTimersByTimeAsync(9_000);
      expect(lines()).toEqual([]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(lines()).toMatchObject([
        {
          msg: 'redis replicas are behind; a failover now loses acknowledged writes',
          node: 'h:1',
          replicas: 1,
        },
      ]);
      infos.push(
        'role:master\r\nmaster_repl_offset:6\r\nslave0:ip=::1,port=1,state=online,offset=6,lag=0\r\n',
      );
      await vi.advanceTimersByTimeAsync(2_000);
      expect(lines().map(({ msg }) => msg)).toEqual([
        'redis replicas are behind; a failover now loses acknowledged writes',
        'redis replica has caught up',
      ]);
      stop();
    } finally {
      vi.useRealTimers();
    }
  });
});
