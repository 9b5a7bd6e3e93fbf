/**
 * A heartbeat of each protocol through the whole real route, over the embedded store and over Redis, beside the same app
 * with a handler that does nothing and beside bare `node:http`. The server has one core, the load and Redis another. Three
 * interleaved rounds, each with new servers; medians. Writes bench/results.json and prints the tables of the README.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../test/redis-server.ts';
import { expiries } from './expiries.ts';
import {
  connections,
  load,
  median,
  pinBesideLoad,
  type Request,
  requireTools,
  type Sample,
  startServer,
  stopServers,
} from './load.ts';

const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = Number(process.env.SECONDS ?? 5);
const warmUpSeconds = 2;
const clients = 1_000;

async function post(port: number, path: string, body: string, host = '127.0.0.1'): Promise<unknown> {
  const { request } = await import('undici');
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body,
    headers: { host },
  });
  const text = await answer.body.text();
  return text === '' ? undefined : JSON.parse(text);
}

const slsHost = 'bench.cn-hangzhou.log.aliyuncs.com';

/** Makes everybody known to a server, and gives the requests that they repeat. */
async function prepare(port: number): Promise<Record<'presence' | 'pbx' | 'sls', Request[]>> {
  const presence = Array.from({ length: clients }, (_, at) => ({
    method: 'GET' as const,
    path: `/v2/presence/sub-key/sub-c-bench/channel/channel-${at % 50}/heartbeat?uuid=user-${at}&heartbeat=300`,
  }));
  const pbx: Request[] = [];
  for (let at = 0; at < clients; at += 1) {
    const login = `{"username":"user-${at % 50}","password":"1a1dc91c907325c69271ddf0c944bc72","port":"8260"}`;
    const { token } = (await post(port, '/api/v1.1.0/login', login)) as { token: string };
    pbx.push({ method: 'POST', path: `/api/v1.1.0/heartbeat?token=${token}` });
  }
  const root = '/logstores/bench-store/consumergroups';
  const shards = 128;
  await post(port, '/', '{"projectName":"bench"}', slsHost);
  await post(port, '/logstores', `{"logstoreName":"bench-store","ttl":1,"shardCount":${shards}}`, slsHost);
  await post(port, root, '{"consumerGroup":"cg","timeout":600,"order":false}', slsHost);
  const held = new Map<string, number[]>(Array.from({ length: 64 }, (_, at) => [`consumer-${at}`, []]));
  // Until each has its two shards and has said so.
  for (let round = 0; round < 12; round += 1) {
    for (const [consumer, list] of held) {
      const path = `${root}/cg?type=heartbeat&consumer=${consumer}`;
      held.set(consumer, (await post(port, path, JSON.stringify(list), slsHost)) as number[]);
    }
    if ([...held.values()].every(({ length }) => length === shards / 64)) break;
  }
  const sls = [...held].map(([consumer, list]) => ({
    method: 'POST' as const,
    path: `${root}/cg?type=heartbeat&consumer=${consumer}`,
    body: JSON.stringify(list),
    host: slsHost,
  }));
  return { presence, pbx, sls };
}

const idlePath: Record<string, (path: string) => string> = {
  presence: (path) => path.replace('/v2/presence', '/idle/presence'),
  pbx: (path) => `/idle${path}`,
  sls: (path) => `/idle${path}`,
};

async function redisCpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  return ['sys', 'user'].reduce(
    (total, kind) => total + Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)?.[1]),
    0,
  );
}

requireTools();
const server = await startRedis();
pinBesideLoad(server.pid);
const redis = new Redis(server.port, '127.0.0.1');

const samples = new Map<string, Sample[]>();
const cpu: Record<string, number[]> = {};
const measure = (name: string, port: number, what: readonly Request[]): Sample => {
  const sample = load(port, what, seconds);
  samples.set(name, [...(samples.get(name) ?? []), sample]);
  console.error(`${name}: ${Math.round(sample.perSecond)}/s, p99 ${sample.p99Ms.toFixed(2)} ms`);
  return sample;
};
/** Servers of its own for each round: how well a process was compiled is luck that lasts as long as it does. */
for (let round = 0; round < rounds; round += 1) {
  await redis.flushall();
  const ports = {
    bare: await startServer('bare'),
    embedded: await startServer('embedded'),
    redis: await startServer('redis', server.url),
  };
  const [embedded, overRedis] = await Promise.all([prepare(ports.embedded), prepare(ports.redis)]);
  const protocols = (['presence', 'pbx', 'sls'] as const).map((protocol) => ({
    protocol,
    requests: embedded[protocol],
    overRedis: overRedis[protocol],
    idle: embedded[protocol].map((request) => ({
      ...request,
      path: idlePath[protocol]?.(request.path) ?? '',
    })),
  }));
  console.error(`round ${round + 1} of ${rounds}, after warming up`);
  load(ports.bare, embedded.presence, warmUpSeconds);
  for (const { requests, overRedis: same, idle } of protocols) {
    load(ports.embedded, idle, warmUpSeconds);
    load(ports.embedded, requests, warmUpSeconds);
    load(ports.redis, same, warmUpSeconds);
  }
  measure('node:http', ports.bare, embedded.presence);
  for (const { protocol, requests, overRedis: same, idle } of protocols) {
    measure(`${protocol} idle`, ports.embedded, idle);
    measure(`${protocol} embedded`, ports.embedded, requests);
    const before = await redisCpuSeconds(redis);
    const sample = measure(`${protocol} redis`, ports.redis, same);
    const used = (await redisCpuSeconds(redis)) - before;
    cpu[protocol] = [...(cpu[protocol] ?? []), (used * 1e6) / sample.requests];
  }
  stopServers();
}
redis.disconnect();
await server.stop();

const perSecond = (name: string): number =>
  median((samples.get(name) ?? []).map((sample) => sample.perSecond));
const p99 = (name: string): number => median((samples.get(name) ?? []).map((sample) => sample.p99Ms));
const results = {
  measured: new Date().toISOString().slice(0, 10),
  rounds,
  seconds,
  connections,
  bare: { perSecond: Math.round(perSecond('node:http')), p99Ms: p99('node:http') },
  heartbeats: ['presence', 'pbx', 'sls'].flatMap((protocol) =>
    ['embedded', 'redis'].map((store) => ({
      protocol,
      store,
      perSecond: Math.round(perSecond(`${protocol} ${store}`)),
      p99Ms: p99(`${protocol} ${store}`),
      idlePerSecond: Math.round(perSecond(`${protocol} idle`)),
      ofIdle: Number((perSecond(`${protocol} ${store}`) / perSecond(`${protocol} idle`)).toFixed(2)),
      ofBare: Number((perSecond(`${protocol} ${store}`) / perSecond('node:http')).toFixed(2)),
      ...(store === 'redis' ? { redisCpuMicros: Number(median(cpu[protocol] ?? []).toFixed(1)) } : {}),
    })),
  ),
  expiries: expiries(Math.max(rounds, 5)),
};
writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);

console.log('| heartbeat | store | of the idle route | of bare `node:http` | p99 | Redis CPU |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const { protocol, store, ofIdle, ofBare, p99Ms, ...rest } of results.heartbeats) {
  const micros = 'redisCpuMicros' in rest ? `${rest.redisCpuMicros} µs` : '';
  console.log(
    `| ${protocol} | ${store} | ${ofIdle.toFixed(2)} | ${ofBare.toFixed(2)} | ${p99Ms.toFixed(1)} ms | ${micros} |`,
  );
}
console.log('\n| leases due in one second | store | early | twice | p50 late | p99 late |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [store, { leases, early, twice, p50Ms, p99Ms }] of Object.entries(results.expiries)) {
  console.log(`| ${leases} | ${store} | ${early} | ${twice} | ${p50Ms} ms | ${p99Ms} ms |`);
}
process.exit(0);
