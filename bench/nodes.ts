/**
 * What heartbeats cost when several nodes share a store: throughput, CPU time of the nodes and of Redis, and bytes on the network, for 1, 2
 * and 4 nodes over one Redis and for 4 nodes over a Redis Cluster of three masters; interleaved. All nodes share one core, the load and
 * Redis another, so that the sum of the CPU times is what can be compared. Writes bench/results/nodes.json.
 *
 * `npm run bench:nodes [-- --rounds 5 --seconds 3 --warm 5]`
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startCluster, startRedis } from '../test/redis-server.ts';
import { type CaseName, prepareCases, presenceHeartbeats, sendAll } from './shared/cases.ts';
import { loadTogether, type Request, requestBytes, requireTools } from './shared/load.ts';
import {
  cpuSeconds,
  pinBesideLoad,
  type ServerProcess,
  setPaused,
  startHeartbeatd,
} from './shared/processes.ts';
import { type RedisUse, redisUse } from './shared/redis-stats.ts';
import { type Machine, machine, type Spread, spreadOf, writeResult } from './shared/results.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    warm: { type: 'string', default: '5' },
  },
});
const tenants = 64;

/** What one round measured; all but the rate and the p99 are per heartbeat. */
interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Sum of the nodes. */
  readonly serverMicros: number;
  /** Sum of the masters. */
  readonly redisMicros: number;
  /** Share of the busiest master in the CPU time of all. */
  readonly busiestShare: number;
  readonly redisBytesIn: number;
  readonly redisBytesOut: number;
  readonly requestBytes: number;
  readonly replyBytes: number;
}

export interface NodesResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly tenants: number;
  readonly rows: readonly {
    readonly case: string;
    readonly nodes: number;
    readonly masters: number;
    readonly costs: Readonly<Record<keyof Measured, Spread>>;
  }[];
}

interface Setup {
  readonly nodes: readonly ServerProcess[];
  readonly redis: readonly Redis[];
}

async function startNodes(redisUrl: string): Promise<ServerProcess[]> {
  // On a busy machine the start of many processes takes longer than the usual timeout.
  const env = { LOG_LEVEL: 'warn', JOURNAL: 'off', REDIS_URL: redisUrl, STORE_TIMEOUT_MS: '10000' };
  const checkout = join(import.meta.dirname, '..');
  return Promise.all(Array.from({ length: 4 }, () => startHeartbeatd(checkout, env)));
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Lets the nodes of a setup run and pauses all others while the step runs. */
async function alone<T>(all: readonly ServerProcess[], { nodes }: Setup, step: () => Promise<T>): Promise<T> {
  for (const node of all) setPaused(node.pid, nodes.includes(node) ? 'running' : 'paused');
  return step();
}

async function measure(
  { nodes, redis }: Setup,
  requests: readonly Request[],
  seconds: number,
): Promise<Measured> {
  const uses = (): Promise<RedisUse[]> => Promise.all(redis.map(redisUse));
  const before = await uses();
  const cpuBefore = total(nodes.map(({ pid }) => cpuSeconds(pid)));
  const ports = nodes.map(({ port }) => port);
  const samples = await loadTogether(ports, requests, seconds);
  const cpu = total(nodes.map(({ pid }) => cpuSeconds(pid))) - cpuBefore;
  const after = await uses();
  const count = total(samples.map((sample) => sample.requests));
  const used = (field: keyof RedisUse): number[] =>
    after.map((use, at) => use[field] - (before[at]?.[field] ?? 0));
  const redisCpu = used('cpuMicros');
  return {
    perSecond: total(samples.map((sample) => sample.perSecond)),
    p99Ms: Math.max(...samples.map((sample) => sample.p99Ms)),
    ...{ serverMicros: (cpu * 1e6) / count, redisMicros: total(redisCpu) / count },
    busiestShare: Math.max(...redisCpu) / total(redisCpu),
    redisBytesIn: total(used('inputBytes')) / count,
    redisBytesOut: total(used('outputBytes')) / count,
    requestBytes: requestBytes(requests),
    replyBytes: total(samples.map((sample) => sample.readBytes)) / count,
  };
}

requireTools();
const server = await startRedis({ appendOnly: true });
const cluster = await startCluster({ appendOnly: true });
for (const { pid } of [server, ...cluster.servers]) pinBesideLoad(pid);
const one = await startNodes(server.url);
const ofCluster = await startNodes(cluster.url);
const nodes = [...one, ...ofCluster];
const redis = [new Redis(server.port, '127.0.0.1')];
const masters = cluster.servers.map(({ port }) => new Redis(port, '127.0.0.1'));
const setups: Setup[] = [
  ...[1, 2, 4].map((count) => ({ nodes: one.slice(0, count), redis })),
  { nodes: ofCluster, redis: masters },
];
const ofKeys = presenceHeartbeats({ tenants });
for (const [first] of [one, ofCluster]) if (first !== undefined) await sendAll(first.port, ofKeys);
/** Tokens differ by store. */
const shared: readonly CaseName[] = ['presence', 'pbx, with callback', 'sls, 20 groups'];
const prepared: Awaited<ReturnType<typeof prepareCases>>[] = [];
for (const [first] of [one, ofCluster])
  prepared.push(await prepareCases(first?.port ?? 0, (name) => shared.includes(name)));
const casesOf = ({ redis: masters }: Setup) => prepared[masters.length > 1 ? 1 : 0];
const cases: Readonly<Record<string, (setup: Setup) => readonly Request[]>> = {
  'presence, 1 tenant': (setup) => casesOf(setup)?.presence ?? [],
  [`presence, ${tenants} tenants`]: () => ofKeys,
  'pbx, with callback': (setup) => casesOf(setup)?.['pbx, with callback'] ?? [],
  'sls, 20 groups': (setup) => casesOf(setup)?.['sls, 20 groups'] ?? [],
};
const rounds = Number(values.rounds);
const rows: NodesResult['rows'][number][] = [];
for (const [name, requestsOf] of Object.entries(cases)) {
  const samples = setups.map((): Measured[] => []);
  for (const setup of setups)
    await alone(nodes, setup, () => measure(setup, requestsOf(setup), Number(values.warm)));
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, setup] of round % 2 === 0 ? setups.entries() : [...setups.entries()].toReversed()) {
      const seconds = Number(values.seconds);
      samples[at]?.push(await alone(nodes, setup, () => measure(setup, requestsOf(setup), seconds)));
    }
  }
  for (const [at, setup] of setups.entries()) {
    const measured = samples[at] ?? [];
    const names = Object.keys(measured[0] ?? {}) as (keyof Measured)[];
    const spreads = names.map((what) => [
      what,
      spreadOf(
        measured.map((sample) => sample[what]),
        2,
      ),
    ]);
    const costs = Object.fromEntries(spreads) as Record<keyof Measured, Spread>;
    rows.push({ case: name, nodes: setup.nodes.length, masters: setup.redis.length, costs });
    console.log(JSON.stringify(rows.at(-1)));
  }
}
writeResult('nodes', { machine: machine(), rounds, tenants, rows } satisfies NodesResult);
for (const client of [...redis, ...masters]) client.disconnect();
await cluster.stop();
await server.stop();
process.exit(0);
