/**
 * What a renewal costs Redis: CPU time a renewal, by kind of heartbeat and by how many of them one batch has, over a Redis with an
 * append-only file that it starts. Prints figures as JSON. CASES and BATCHES change what is measured.
 */
import { Redis } from 'ioredis';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import type { Beat, BeatResult, Guard } from '../src/store/store.ts';
import { startRedis } from '../test/redis-server.ts';
import { redisCpuMicros } from './shared/redis-stats.ts';
import { median } from './shared/results.ts';

const tenant = 'presence/sub-c-bench';
const holders = 1_000;
const rounds = Number(process.env.ROUNDS ?? 5);
const batches = (process.env.BATCHES ?? '1,8,32').split(',').map(Number);
const batchesPerRound = Number(process.env.COUNT ?? 1_500);

const server = await startRedis({ appendOnly: true });
const redis = new Redis(server.port, '127.0.0.1');
const driver = await openRedisDriver({ url: server.url, timeoutMs: 60_000, partitions: 1 });

async function run(beats: readonly Beat[]): Promise<readonly number[]> {
  const outcomes = await driver.execute(
    0,
    beats.map((input) => ({ name: 'beat', input })),
  );
  return outcomes.map((outcome) => {
    if ('error' in outcome) throw outcome.error;
    return (outcome.result as BeatResult).leases[0]?.version ?? 0;
  });
}

const presence =
  (channels: number) =>
  (at: number): Beat => ({
    tenant,
    holder: `user-${channels}-${at}`,
    groups: Array.from({ length: channels }, (_, n) => ({ group: `channel-${(at % 50) + n * 50}` })),
    grant: true,
    returning: 'state',
    ttlMs: 300_000,
  });

/** The guards of each group, as of the consumer groups of one logstore. */
const groupCount = 20;
const writes = [
  { collection: 'guards', key: 'logstore', value: '{}' },
  ...Array.from({ length: groupCount }, (_, n) => ({ collection: 'groups', key: `cg-${n}`, value: '{}' })),
];
const commit = await driver.execute(0, [{ name: 'commit', input: { tenant, writes } }]);
const { versions } = (commit[0] as { result: { versions: readonly number[] } }).result;
const guardOf = (at: number): Guard => ({
  collection: writes[at]?.collection ?? '',
  key: writes[at]?.key ?? '',
  version: versions[at] ?? 0,
});
const guards = Array.from({ length: groupCount }, (_, n): readonly Guard[] => [guardOf(0), guardOf(n + 1)]);

const all: Record<string, (at: number) => Beat> = {
  presence: presence(1),
  'presence, 10 channels': presence(10),
  'presence, 100 channels': presence(100),
  'presence, 1000 channels': presence(1_000),
  'pbx, with callback': (at) => ({
    tenant,
    holder: `token-0123456789abcdef-${at}`,
    groups: [{ group: `user-${at % 50}`, data: JSON.stringify({ url: 'http://192.168.5.122:8260/report' }) }],
    grant: true,
    returning: 'data',
    ttlMs: 1_800_000,
  }),
  sls: (at) => ({
    tenant,
    holder: `consumer-${at}`,
    groups: [{ group: `11:bench-storecg-${at % groupCount}` }],
    grant: true,
    returning: 'revision',
    guards: guards[at % groupCount] ?? [],
    ttlMs: 600_000,
  }),
  // As hosts that consume two logstores of a project under one name: their records have two rows.
  'sls, two groups each': (at) => ({
    tenant,
    holder: `host-${at % (holders / 2)}`,
    groups: [{ group: `${at < holders / 2 ? '11:bench' : '11:large'}-storecg-${at % groupCount}` }],
    grant: true,
    returning: 'revision',
    guards: guards[at % groupCount] ?? [],
    ttlMs: 600_000,
  }),
};
const cases = process.env.CASES?.split(';') ?? Object.keys(all);

const beatsOf = new Map<string, Beat[]>();
for (const name of cases) {
  const make = all[name];
  if (make === undefined) throw new Error(`no case ${name}`);
  const beats = Array.from({ length: name.includes('1000') ? 50 : holders }, (_, at) => make(at));
  const known: number[] = [];
  for (let from = 0; from < beats.length; from += 20)
    known.push(...(await run(beats.slice(from, from + 20))));
  // As later heartbeats of the PBX: the callback stays as it was.
  beatsOf.set(
    name,
    beats.map((beat, at) => ({
      ...beat,
      groups:
        beat.groups?.map(({ group }) => ({
          group,
          ...(beat.returning === 'data' && { knownVersion: known[at] ?? 0 }),
        })) ?? [],
    })),
  );
}
const samples = new Map<string, number[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const name of cases) {
    for (const size of batches) {
      const beats = beatsOf.get(name) ?? [];
      const groups = beats[0]?.groups?.length ?? 1;
      const count = Math.max(20, Math.ceil(batchesPerRound / Math.sqrt(size * groups)));
      const used = await redisCpuMicros(redis, async () => {
        for (let at = 0; at < count; at += 1) {
          const from = (at * size) % (beats.length - size + 1);
          await run(beats.slice(from, from + size));
        }
      });
      const micros = used / (count * size);
      const key = `${name} × ${size}`;
      samples.set(key, [...(samples.get(key) ?? []), micros]);
    }
  }
}
for (const [name, values] of samples)
  console.log(JSON.stringify({ name, micros: Math.round(median(values) * 10) / 10 }));
redis.disconnect();
await driver.close();
await server.stop();
