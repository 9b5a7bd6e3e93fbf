import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxClockStepMs } from '../../../src/store/limits.ts';
import { openRedisDriver } from '../../../src/store/redis/driver.ts';
import { RedisUrlError } from '../../../src/store/redis/target.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import { type RedisServer, startRedis } from '../../redis-server.ts';
import { recordLog } from './connections/recorded-log.ts';

const timeoutMs = 300;
const tenant = 'test/t';
const leaseMs = 60_000;
const beat = (store: Store, holder = 'ann', ttlMs = leaseMs) =>
  store.beat({ tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true });

describe('when Redis', () => {
  let server: RedisServer;
  let store: Store;
  const expired: string[] = [];
  beforeEach(async () => {
    server = await startRedis({ appendOnly: true });
    store = createStore(await openRedisDriver({ url: server.url, timeoutMs }));
    expired.length = 0;
    store.observe(({ type, holder }) => {
      if (type === 'expired') expired.push(holder);
    });
  });
  afterEach(async () => {
    await store.close();
    server.thaw();
    await server.stop();
  });
  const admin = async (...command: [string, ...string[]]): Promise<unknown> => {
    const client = new Redis(server.port, '127.0.0.1');
    const answer = await client.call(...command);
    client.disconnect();
    return answer;
  };

  it('loses its scripts, they are loaded again', async () => {
    await beat(store);
    await admin('SCRIPT', 'FLUSH');
    expect((await beat(store)).leases[0]?.state).toBe('renewed');
  });

  it('does not have the database, opening fails, and nothing is written to another one', async () => {
    await expect(openRedisDriver({ url: `${server.url}/99`, timeoutMs })).rejects.toThrow(
      new RedisUrlError('database 99 is refused: ERR DB index is out of range'),
    );
    expect(await ownKeys()).toEqual([]);
  });

  it.each([
    { version: 'an earlier', change: ['HDEL', '{hb:0}:clock', 'layout'] },
    { version: 'a later', change: ['HSET', '{hb:1}:clock', 'lease', '1', 'layout', '999'] },
  ])(
    'holds data of $version version, opening fails, and the data stays',
    async ({ change: [command = '', ...rest] }) => {
      await beat(store);
      await admin(command, ...rest);
      const keys = await ownKeys();
      await expect(openRedisDriver({ url: server.url, timeoutMs })).rejects.toThrow(
        new RedisUrlError(
          'the database holds data of another version of heartbeatd; flush it, use another database, or start that version',
        ),
      );
      expect(await ownKeys()).toEqual(keys);
      await admin('FLUSHALL');
      const fresh = createStore(await openRedisDriver({ url: server.url, timeoutMs }));
      expect((await beat(fresh)).leases[0]?.state).toBe('granted');
      await fresh.close();
    },
  );

  it('starts later and does not have the database, commands keep failing', async () => {
    await server.kill();
    const { log, lines } = recordLog();
    const early = createStore(await openRedisDriver({ url: `${server.url}/99`, timeoutMs, log }));
    await server.start();
    await expect.poll(() => early.ping().catch(({ message }: Error) => message)).toMatch(/DB index/);
    await expect(beat(early)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await admin('KEYS', '*:due')).toEqual([]);
    expect(lines.join('\n')).toMatch(/failed; retrying.*commands.*DB index/);
    expect(lines.join('\n')).not.toMatch(/restored.*commands/);
    await early.close();
  });

  it('loses all data, commands are served and epochs still grow', async () => {
    const [before] = (await beat(store)).leases;
    await admin('FLUSHALL');
    expect(await store.read({ tenant, group: 'g', holder: 'ann' })).toBeNull();
    const [after] = (await beat(store)).leases;
    expect(after?.state).toBe('granted');
    expect(after?.epoch).toBeGreaterThan(before?.epoch ?? Number.POSITIVE_INFINITY);
  });

  it('loses its newest writes, epochs and versions still grow', async () => {
    const write = async (): Promise<number> =>
      (await store.commit({ tenant, writes: [{ collection: 'c', key: 'k', value: '1' }] })).versions[0] ?? 0;
    await beat(store);
    const partition = (await openPartitions())[0] ?? '';
    const seq = await admin('HGET', `${partition}clock`, 'seq');
    const [before] = (await beat(store, 'bob')).leases;
    const version = await write();
    // What a machine that crashed, or a replica that was behind, has of the clock hash.
    await admin('HSET', `${partition}clock`, 'seq', String(seq));
    const [after] = (await beat(store, 'cid')).leases;
    expect(after?.epoch).toBeGreaterThan(before?.epoch ?? Number.POSITIVE_INFINITY);
    expect(await write()).toBeGreaterThan(version);
  });

  it.each(['is killed', 'hangs'])(
    '%s under load, requests fail, are served afterwards, and an outage of an hour expires no lease',
    async (how) => {
      await Promise.all(Array.from({ length: 200 }, (_, at) => beat(store, `h${at}`)));
      const load = Array.from({ length: 50 }, (_, at) =>
        beat(store, `h${at}`).catch((error: Error) => error),
      );
      if (how === 'hangs') server.freeze();
      else await server.kill();
      const answers = await Promise.all(load);
      for (const answer of answers)
        if (answer instanceof Error) expect(answer).toBeInstanceOf(StoreUnavailable);
      await expect(beat(store)).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
      if (how === 'hangs') server.thaw();
      else await server.start();
      await moveLastTick(-60 * leaseMs);
      await expect
        .poll(
          () =>
            store.ping().then(
              () => 'back',
              () => 'away',
            ),
          { timeout: 10_000 },
        )
        .toBe('back');
      // Sweeps every partition.
      await store.advanceClock(0);
      expect((await store.members({ tenant, group: 'g', offset: 0, limit: 0 })).count).toBe(200);
      expect((await beat(store, 'h7')).leases[0]?.state).toBe('renewed');
      expect(expired).toEqual([]);
    },
  );

  it('was not used for an hour, a lease has its remaining time less one step of the clock', async () => {
    await beat(store, 'ann', 30_000);
    await store.close();
    await moveLastTick(-3_600_000);
    store = createStore(await openRedisDriver({ url: server.url, timeoutMs }));
    const lease = await store.read({ tenant, group: 'g', holder: 'ann' });
    expect(lease?.remainingMs).toBeGreaterThan(25_000 - maxClockStepMs);
  });

  it('starts after the store, commands are served as soon as it runs', async () => {
    await server.kill();
    const early = createStore(await openRedisDriver({ url: server.url, timeoutMs }));
    await expect(beat(early)).rejects.toBeInstanceOf(StoreUnavailable);
    await server.start();
    await expect
      .poll(
        () =>
          early.ping().then(
            () => 'back',
            () => 'away',
          ),
        { timeout: 10_000 },
      )
      .toBe('back');
    expect((await beat(early)).leases[0]?.state).toBe('granted');
    await early.close();
  });

  it('holds a tenant, all keys of its partition share one hash tag, and none is left after the tenant is dropped', async () => {
    await beat(store);
    await beatInTwo('several');
    await store.commit({
      tenant,
      writes: [{ collection: 'c', key: 'k', value: '1' }],
      appends: [{ topic: 't', payload: Buffer.from('x'), keepEntries: 5 }],
    });
    const keys = await ownKeys();
    const tags = new Set(keys.map((key) => /^\{hb:\d+\}/.exec(key)?.[0]));
    expect(tags.size).toBe(1);
    expect(keys.length).toBeGreaterThan(8);
    await store.drop({ tenant });
    expect(await ownKeys()).toEqual([]);
  });

  it('holds leases only, no key is left after the last one and its events have expired', async () => {
    await store.freezeClock();
    await Promise.all(Array.from({ length: 20 }, (_, at) => beat(store, `h${at}`, 1_000)));
    await beatInTwo('several');
    await beatInTwo('released');
    await store.release({ tenant, holder: 'released' });
    await store.advanceClock(1_000);
    await store.advanceClock(24 * 3_600_000);
    expect(await ownKeys()).toEqual([]);
  });

  it('loses one lease, the others are returned and expire as usual, and nothing of it is left', async () => {
    await store.freezeClock();
    for (const holder of ['ann', 'bob']) await beat(store, holder, 1_000);
    const lkey = (await ownKeys()).find((key) => key.includes('}:l')) ?? '';
    const ofAnn = ((await admin('HKEYS', lkey)) as string[]).find((field) => field.endsWith('ann')) ?? '';
    expect(await admin('HDEL', lkey, ofAnn)).toBe(1);
    const { leases } = await store.members({ tenant, group: 'g', offset: 0, limit: 10 });
    expect(leases.map(({ holder }) => holder)).toEqual(['bob']);
    await store.advanceClock(1_000);
    expect(expired).toEqual(['bob']);
    await store.advanceClock(24 * 3_600_000);
    expect(await ownKeys()).toEqual([]);
  });

  it('loses the data of a lease, beats of its holder and of all others succeed', async () => {
    await beatInTwo('ann');
    const xkey = (await ownKeys()).find((key) => key.includes('}:x')) ?? '';
    expect(await admin('DEL', xkey)).toBe(1);
    const answers = await Promise.all([
      store.beat({ tenant, holder: 'ann', groups: [{ group: 'g' }], grant: true }),
      beat(store, 'bob'),
    ]);
    expect(answers.map(({ leases }) => leases)).toMatchObject([
      [{ state: 'renewed', data: null }],
      [{ state: 'granted', data: null }],
    ]);
  });

  /** A lease with data in each of two groups: it has entries of its own in the indexes. */
  const beatInTwo = (holder: string) =>
    store.beat({
      tenant,
      holder,
      groups: [
        { group: 'g', data: '1' },
        { group: 'another', data: '2' },
      ],
      ttlMs: 1_000,
      grant: true,
    });
  /** Keys but for the clocks, which every partition keeps. */
  async function ownKeys(): Promise<string[]> {
    return ((await admin('KEYS', '*')) as string[]).filter((key) => !key.endsWith(':clock')).sort();
  }
  /** Leaves the clock hash as it is after so long without a tick. */
  async function moveLastTick(byMs: number): Promise<void> {
    for (const partition of await openPartitions())
      await admin('HINCRBY', `${partition}clock`, 'wall', String(byMs));
  }
  async function openPartitions(): Promise<string[]> {
    return (await ownKeys()).filter((key) => key.endsWith(':due')).map((key) => key.slice(0, -3));
  }
});

it('settings of Redis with which leases are lost are logged', async () => {
  const server = await startRedis({ extra: ['--maxmemory-policy', 'allkeys-lru'] });
  const { log, lines: warnings } = recordLog();
  const store = createStore(await openRedisDriver({ url: server.url, timeoutMs: 2_000, log }));
  await expect.poll(() => warnings.length).toBe(2);
  expect(warnings.join('\n')).toMatch(/allkeys-lru[\s\S]*nothing to disk/);
  await store.close();
  await server.stop();
});
