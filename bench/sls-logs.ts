/**
 * Putting and pulling logs through the whole real route, beside routes of the same app that take and answer the same bytes and
 * do nothing; and what a rebalance of 256 shards over 64 consumers costs. The server has one core, the load and Redis another.
 * Writes bench/results/sls-logs.json.
 *
 * `npm run bench:sls [-- --rounds 5 --seconds 4]`
 */
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { request as call } from 'undici';
import { buildApp } from '../src/app.ts';
import { defaultConfig } from '../src/config.ts';
import { encodeLogGroup, encodeLogGroupList } from '../src/protocols/sls/logs/codec/log-group.ts';
import { compress } from '../src/protocols/sls/wire/compression.ts';
import { openStore } from '../src/store/open.ts';
import { startRedis } from '../test/redis-server.ts';
import { load, type Request, requireTools } from './shared/load.ts';
import { pinBesideLoad, startScript } from './shared/processes.ts';
import {
  type Machine,
  machine,
  median,
  rounded,
  type Spread,
  spreadOf,
  writeResult,
} from './shared/results.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
  allowPositionals: true,
});
const [mode, where = ''] = positionals;
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const logsPerGroup = 100;
const groupsPerPull = 10;
const host = 'bench.cn-hangzhou.log.aliyuncs.com';
const protobuf = 'application/x-protobuf';

export interface SlsLogsResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly logsPerGroup: number;
  readonly groupBytes: number;
  readonly groupsPerPull: number;
  readonly shards: number;
  readonly logs: readonly {
    readonly what: string;
    readonly store: string;
    readonly megabytesPerSecond: number;
    readonly logsPerSecond: number;
    readonly ofIdle: Spread;
  }[];
  /** Until all shards are spread over 32 consumers, then over 64: time, and heartbeats of each. */
  readonly rebalances: readonly ({ readonly store: string } & Readonly<
    Record<'halfMs' | 'halfTurns' | 'allMs' | 'allTurns', Spread>
  >)[];
}

/** About a hundred bytes a log, as an access log has them. */
const group = Buffer.from(
  encodeLogGroup({
    topic: 'access',
    source: '10.0.0.1',
    tags: { host: 'web-1' },
    time: 1_700_000_000,
    logs: Array.from({ length: logsPerGroup }, (_, at) => ({
      method: 'GET',
      path: `/items/${(at * 7_919) % 10_007}`,
      status: '200',
      bytes: String((at * 104_729) % 65_536),
      agent: 'Mozilla/5.0 (X11; Linux x86_64)',
    })),
  }),
);

async function serve(redisUrl: string): Promise<void> {
  const config = defaultConfig({ redisUrl, slsMaxShardBytes: 16 * 1_048_576 });
  const store = await openStore(config);
  const app = await buildApp({ config, store, logger: pino({ level: 'warn' }) });
  const pulled = encodeLogGroupList(Array.from({ length: groupsPerPull }, () => group));
  const packed = Buffer.from(await compress(pulled, 'lz4'));
  await app.register(async (idle) => {
    idle.removeAllContentTypeParsers();
    idle.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    idle.post('/idle/put', async (_request, reply) => reply.send());
    idle.get('/idle/pull', async (_request, reply) => reply.header('content-type', protobuf).send(pulled));
    idle.get('/idle/pull-lz4', async (_request, reply) =>
      reply.header('content-type', protobuf).send(packed),
    );
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  console.log((app.server.address() as AddressInfo).port);
}

async function ask(
  port: number,
  method: 'GET' | 'POST',
  path: string,
  body?: string | Buffer,
): Promise<string> {
  const headers = { host, 'content-type': typeof body === 'string' ? 'application/json' : protobuf };
  // Not kept open: the next one may be minutes later.
  const asked = { method, headers, body: body ?? null, reset: true };
  const answer = await call(`http://127.0.0.1:${port}${path}`, asked);
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${text}`);
  return text;
}

interface LogCase {
  readonly name: string;
  /** Log groups of one request. */
  readonly groups: number;
  readonly request: Request;
  readonly idle: string;
}

async function logs(store: string, port: number): Promise<SlsLogsResult['logs']> {
  await ask(port, 'POST', '/', '{"projectName":"bench"}');
  await ask(port, 'POST', '/logstores', '{"logstoreName":"to-put","ttl":1,"shardCount":4}');
  await ask(port, 'POST', '/logstores', '{"logstoreName":"to-pull","ttl":1,"shardCount":1}');
  for (let at = 0; at < groupsPerPull; at += 1)
    await ask(port, 'POST', '/logstores/to-pull/shards/lb', group);
  const shard = '/logstores/to-pull/shards/0';
  const { cursor } = JSON.parse(await ask(port, 'GET', `${shard}?type=cursor&from=begin`)) as {
    cursor: string;
  };
  const pull = `${shard}?type=log&cursor=${encodeURIComponent(cursor)}&count=${groupsPerPull}`;
  const lz4 = Buffer.from(await compress(group, 'lz4'));
  const put = '/logstores/to-put/shards/lb';
  const headers = { 'Content-Type': protobuf, 'x-log-bodyrawsize': String(group.length) };
  const packed = { ...headers, 'x-log-compresstype': 'lz4' };
  const cases: readonly LogCase[] = [
    {
      name: 'put',
      groups: 1,
      request: { method: 'POST', path: put, headers, body: group, host },
      idle: '/idle/put',
    },
    {
      ...{ name: 'put, lz4', groups: 1, idle: '/idle/put' },
      request: { method: 'POST', path: put, headers: packed, body: lz4, host },
    },
    { name: 'pull', groups: groupsPerPull, request: { method: 'GET', path: pull, host }, idle: '/idle/pull' },
    {
      ...{ name: 'pull, lz4', groups: groupsPerPull, idle: '/idle/pull-lz4' },
      request: { method: 'GET', path: pull, headers: { 'accept-encoding': 'lz4' }, host },
    },
  ];
  const samples = cases.map(() => ({ real: [] as number[], ofIdle: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, { request, idle }] of cases.entries()) {
      const atIdle = load(port, [{ ...request, path: idle }], seconds).perSecond;
      const real = load(port, [request], seconds).perSecond;
      samples[at]?.real.push(real);
      samples[at]?.ofIdle.push(real / atIdle);
    }
  }
  return cases.map(({ name, groups }, at) => {
    const perSecond = median(samples[at]?.real ?? []);
    const megabytes = (perSecond * groups * group.length) / 1_048_576;
    return {
      ...{ what: name, store, megabytesPerSecond: rounded(megabytes, 0) },
      logsPerSecond: Math.round(perSecond * groups * logsPerGroup),
      ofIdle: spreadOf(samples[at]?.ofIdle ?? [], 2),
    };
  });
}

const shards = 256;

interface Settled {
  readonly ms: number;
  readonly turns: number;
}

/** Resolves with how long it takes until all shards are spread over half of the consumers, and then over all. */
async function rebalance(port: number, round: number): Promise<{ half: Settled; all: Settled }> {
  const root = `/logstores/wide-${round}/consumergroups`;
  await ask(port, 'POST', '/logstores', `{"logstoreName":"wide-${round}","ttl":1,"shardCount":${shards}}`);
  await ask(port, 'POST', root, '{"consumerGroup":"cg","timeout":600,"order":false}');
  const held = new Map<string, number[]>();
  const beatAll = async (names: readonly string[]): Promise<void> => {
    await Promise.all(
      names.map(async (consumer) => {
        const path = `${root}/cg?type=heartbeat&consumer=${consumer}`;
        const answer = await call(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { host, 'content-type': 'application/json' },
          body: JSON.stringify(held.get(consumer) ?? []),
        });
        held.set(consumer, (await answer.body.json()) as number[]);
      }),
    );
  };
  const settle = async (names: readonly string[]): Promise<Settled> => {
    const started = performance.now();
    for (let turns = 1; ; turns += 1) {
      await beatAll(names);
      const loads = names.map((consumer) => held.get(consumer)?.length ?? 0);
      if (loads.every((count) => count === shards / names.length))
        return { ms: performance.now() - started, turns };
    }
  };
  const names = Array.from({ length: 64 }, (_, at) => `consumer-${at}`);
  const half = await settle(names.slice(0, 32));
  const all = await settle(names);
  return { half, all };
}

async function rebalances(store: string, port: number): Promise<SlsLogsResult['rebalances'][number]> {
  const measured: Awaited<ReturnType<typeof rebalance>>[] = [];
  for (let round = 0; round < rounds; round += 1) measured.push(await rebalance(port, round));
  const spread = (which: 'half' | 'all', what: keyof Settled): Spread =>
    spreadOf(
      measured.map((one) => one[which][what]),
      0,
    );
  return {
    ...{ store, halfMs: spread('half', 'ms'), halfTurns: spread('half', 'turns') },
    ...{ allMs: spread('all', 'ms'), allTurns: spread('all', 'turns') },
  };
}

if (mode === 'serve') await serve(where);
else {
  requireTools();
  const redis = await startRedis();
  pinBesideLoad(redis.pid);
  const stores: [string, number][] = [];
  for (const [name, url] of [
    ['embedded', ''],
    ['redis', redis.url],
  ] as const) {
    const { line } = await startScript([import.meta.filename, 'serve', url], { core: 0 });
    stores.push([name, Number(line)]);
  }
  const allLogs: SlsLogsResult['logs'][number][] = [];
  for (const [name, port] of stores) allLogs.push(...(await logs(name, port)));
  const allRebalances: SlsLogsResult['rebalances'][number][] = [];
  for (const [name, port] of stores) allRebalances.push(await rebalances(name, port));
  const result: SlsLogsResult = {
    ...{ machine: machine(), rounds, logsPerGroup, groupBytes: group.length, groupsPerPull, shards },
    ...{ logs: allLogs, rebalances: allRebalances },
  };
  writeResult('sls-logs', result);
  console.log(JSON.stringify(result, null, 2));
  await redis.stop();
  process.exit(0);
}
