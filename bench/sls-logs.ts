/**
 * Putting and pulling logs through the whole real route, beside routes of the same app that take and answer the same bytes and
 * do nothing; and what a rebalance of 256 shards over 64 consumers costs. The server has one core, the load another. Three
 * interleaved rounds; medians. Prints tables; `REDIS=1` adds a Redis of its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { request as call } from 'undici';
import { buildApp } from '../src/app.ts';
import { defaultConfig } from '../src/config.ts';
import { encodeLogGroup, encodeLogGroupList } from '../src/protocols/sls/logs/codec/log-group.ts';
import { compress } from '../src/protocols/sls/wire/compression.ts';
import { openStore } from '../src/store/open.ts';
import { startRedis } from '../test/redis-server.ts';

const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = Number(process.env.SECONDS ?? 4);
const connections = 64;
const logsPerGroup = 100;
const groupsPerPull = 10;
const host = 'bench.cn-hangzhou.log.aliyuncs.com';
const protobuf = 'application/x-protobuf';

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

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-bench-'));
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function startServer(redisUrl: string): Promise<number> {
  const child = spawn('taskset', ['-c', '0', process.execPath, import.meta.filename, 'serve', redisUrl], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

interface Load {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Requests a second. */
function load(port: number, { method, path, headers, body }: Load): number {
  const file = join(folder, 'load.lua');
  const bytes =
    body === undefined
      ? 'nil'
      : `"${[...body].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
  const fields = Object.entries({ Host: host, ...headers }).map(
    ([name, value]) => `["${name}"] = "${value}"`,
  );
  writeFileSync(
    file,
    `wrk.method = "${method}"\nwrk.body = ${bytes}\nwrk.headers = { ${fields.join(', ')} }\n`,
  );
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', file];
  const printed = execFileSync('taskset', [...args, `http://127.0.0.1:${port}${path}`], { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(printed)) throw new Error(`not every request was answered:\n${printed}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1]);
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

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

async function logs(name: string, port: number): Promise<void> {
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
  const type = { 'content-type': protobuf, 'x-log-bodyrawsize': String(group.length) };
  const lz4 = Buffer.from(await compress(group, 'lz4'));
  const put = '/logstores/to-put/shards/lb';
  const cases: [string, number, Load, string][] = [
    ['put', 1, { method: 'POST', path: put, headers: type, body: group }, '/idle/put'],
    [
      'put, lz4',
      1,
      { method: 'POST', path: put, headers: { ...type, 'x-log-compresstype': 'lz4' }, body: lz4 },
      '/idle/put',
    ],
    ['pull', groupsPerPull, { method: 'GET', path: pull, headers: {} }, '/idle/pull'],
    [
      'pull, lz4',
      groupsPerPull,
      { method: 'GET', path: pull, headers: { 'accept-encoding': 'lz4' } },
      '/idle/pull-lz4',
    ],
  ];
  const samples = cases.map(() => ({ real: [] as number[], idle: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, [, , wanted, idlePath]] of cases.entries()) {
      samples[at]?.idle.push(load(port, { ...wanted, path: idlePath }));
      samples[at]?.real.push(load(port, wanted));
    }
  }
  for (const [at, [what, groups]] of cases.entries()) {
    const real = median(samples[at]?.real ?? []);
    const idle = median(samples[at]?.idle ?? []);
    const megabytes = (real * groups * group.length) / 1_048_576;
    console.log(
      `| ${what} | ${name} | ${Math.round(real)} | ${megabytes.toFixed(0)} | ${Math.round(real * groups * logsPerGroup)} | ${(real / idle).toFixed(2)} |`,
    );
  }
}

async function rebalance(name: string, port: number): Promise<void> {
  const shards = 256;
  const root = '/logstores/wide/consumergroups';
  await ask(port, 'POST', '/logstores', `{"logstoreName":"wide","ttl":1,"shardCount":${shards}}`);
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
  const settle = async (names: readonly string[]): Promise<{ ms: number; turns: number }> => {
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
  console.log(
    `| ${shards} over 32, then 64 | ${name} | ${half.turns}, then ${all.turns} | ${half.ms.toFixed(0)} ms, then ${all.ms.toFixed(0)} ms |`,
  );
}

const [mode, where = ''] = process.argv.slice(2);
if (mode === 'serve') {
  await serve(where);
} else {
  const redis = process.env.REDIS === '1' ? await startRedis() : undefined;
  const stores: [string, number][] = [['embedded', await startServer('')]];
  if (redis !== undefined) stores.push(['redis', await startServer(redis.url)]);
  console.log(
    `A log group is ${group.length} bytes and ${logsPerGroup} logs; a pull brings ${groupsPerPull}.\n`,
  );
  console.log(
    '| logs | store | requests/s | MB/s | logs/s | of the idle route |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const [name, port] of stores) await logs(name, port);
  console.log(
    '\n| shards over consumers | store | heartbeats of each | time for all |\n| --- | --- | --- | --- |',
  );
  for (const [name, port] of stores) await rebalance(name, port);
  await redis?.stop();
  process.exit(0);
}
