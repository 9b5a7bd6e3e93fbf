/**
 * A server under a steady load for long: Presence heartbeats at a fixed rate, of holders of which some stop and others come, over each store
 * in turn or side by side. Samples memory, p99 and CPU time, and states whether memory and p99 stay flat. Writes bench/results/soak.json.
 *
 * `npm run bench:soak [-- --minutes 30 --stores memory,file,redis --rate 10000 --leases 100000 --churn 0.01 --every 60 --side-by-side --go-first]`. With
 * `--go-first` the servers and the load go before other work of the machine.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../test/redis-server.ts';
import { collectGarbage, inspectorOption } from './shared/collect-garbage.ts';
import { type Flatness, flatness } from './shared/flatness.ts';
import { requireTools } from './shared/load.ts';
import { startPacedLoad } from './shared/paced-load.ts';
import {
  cpuSeconds,
  freePort,
  pinBesideLoad,
  residentMb,
  startHeartbeatd,
  startScript,
} from './shared/processes.ts';
import { redisMemory } from './shared/redis-stats.ts';
import { type Machine, machine, quantile, rounded, writeResult } from './shared/results.ts';

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    stores: { type: 'string', default: 'memory,file,redis' },
    rate: { type: 'string', default: '10000' },
    leases: { type: 'string', default: '100000' },
    churn: { type: 'string', default: '0.01' },
    every: { type: 'string', default: '60' },
    'side-by-side': { type: 'boolean', default: false },
    'go-first': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const leases = Number(values.leases);
/** Share of the holders that are replaced each minute. */
const churn = Number(values.churn);
const everyMs = Number(values.every) * 1_000;
/** So many that a pause of 20 ms leaves some for the requests that are due meanwhile. */
const connections = 256;
/** Each holder sends a heartbeat every `leases / rate` seconds. */
const ttlSeconds = Math.max(20, Math.ceil((3 * leases) / rate));
const memoryTolerance = 0.05;
const p99Tolerance = 0.25;

export interface SoakSample {
  readonly minute: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly serverMicros: number;
  readonly residentMb: number;
  /** After a collection of garbage; absent: not read in this sample. */
  readonly heapMb?: number;
  /** Leases held, with those that have ended and are not yet swept. */
  readonly leases: number;
  readonly redisMb?: number;
}

/** What is judged: p99 and each kind of memory. */
export const soakMeasures = ['p99Ms', 'residentMb', 'heapMb', 'redisMb'] as const;
export type SoakMeasure = (typeof soakMeasures)[number];

export interface SoakRun {
  readonly store: string;
  readonly samples: readonly SoakSample[];
  /** Absent: too few samples, or not measured. */
  readonly flatness: Readonly<Partial<Record<SoakMeasure, Flatness>>>;
}

export interface SoakResult {
  readonly machine: Machine;
  readonly minutes: number;
  readonly rate: number;
  readonly leases: number;
  readonly churn: number;
  readonly ttlSeconds: number;
  readonly everySeconds: number;
  readonly warmUpMinutes: number;
  readonly sideBySide: boolean;
  /** Whether servers and load went before other work of the machine. */
  readonly goFirst: boolean;
  readonly tolerances: { readonly memory: number; readonly p99: number };
  readonly runs: readonly SoakRun[];
}

/** Memory grows until every buffer has reached its size, and code is compiled. */
const warmUpMinutes = minutes / 6;

/** Returns requests of the holders in turn; each has a number, which is replaced when another takes its place. */
function heartbeats(): () => string {
  const numbers = Uint32Array.from({ length: leases }, (_, at) => at);
  let next = leases;
  let at = 0;
  let replacements = 0;
  const perRequest = (leases * churn) / 60 / rate;
  return () => {
    at = (at + 1) % leases;
    replacements += perRequest;
    if (replacements >= 1) {
      replacements -= 1;
      // A holder that has just sent a heartbeat sends no more: its lease ends by itself.
      numbers[(at + leases - 1) % leases] = next;
      next += 1;
    }
    const number = numbers[at] ?? 0;
    return `GET /v2/presence/sub-key/sub-c-soak/channel/channel-${number % 20_000}/heartbeat?uuid=user-${number}&heartbeat=${ttlSeconds} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  };
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

const mega = (bytes: number): number => rounded(bytes / 1_048_576);

/** A whole collection is a pause, which is not counted: it comes between two samples, of which each so many read the heap. */
const samplesPerHeap = 3;

/** Resolves with the heap of a server after a collection, MB. */
async function heldHeapMb(port: number, inspectorPort: number): Promise<number> {
  await collectGarbage(inspectorPort);
  return mega(await metric(port, 'nodejs_heap_size_used_bytes'));
}

/** Runs one store; resolves with its samples. */
async function soak(store: string): Promise<SoakSample[]> {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-soak-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  let redisServer: RedisServer | undefined;
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'warn' };
  if (store === 'redis') {
    redisServer = await startRedis({ appendOnly: true });
    pinBesideLoad(redisServer.pid);
    env.REDIS_URL = redisServer.url;
  } else if (store === 'file') env.DATA = join(folder, 'store.db');
  const redis = redisServer === undefined ? undefined : new Redis(redisServer.port, '127.0.0.1');
  const inspectorPort = await freePort();
  env.NODE_OPTIONS = inspectorOption(inspectorPort);
  const { pid, port } = await startHeartbeatd(join(import.meta.dirname, '..'), env);
  pinBesideLoad(process.pid);
  const load = await startPacedLoad(port, { perSecond: rate, connections, next: heartbeats() });
  const samples: SoakSample[] = [];
  const startedMs = performance.now();
  for (let count = 1; count * everyMs <= minutes * 60_000; count += 1) {
    const cpuBefore = cpuSeconds(pid);
    await setTimeout(Math.max(0, startedMs + count * everyMs - performance.now()));
    const { tookMs: took } = load.take();
    const cpu = cpuSeconds(pid) - cpuBefore;
    const sample: SoakSample = {
      ...{
        minute: rounded((count * everyMs) / 60_000, 2),
        perSecond: Math.round((took.length * 1_000) / everyMs),
      },
      ...{ p50Ms: rounded(quantile(took, 0.5), 2), p99Ms: rounded(quantile(took, 0.99), 2) },
      ...{ maxMs: rounded(quantile(took, 1)), serverMicros: rounded((cpu * 1e6) / took.length) },
      residentMb: residentMb(pid),
      leases: await metric(port, 'heartbeatd_leases'),
      ...(redis === undefined ? {} : { redisMb: mega(await redisMemory(redis)) }),
      ...(count % samplesPerHeap === 0 ? { heapMb: await heldHeapMb(port, inspectorPort) } : {}),
    };
    samples.push(sample);
    // What came meanwhile waited for this process to count.
    load.take();
    console.error(store, JSON.stringify(sample));
  }
  load.stop();
  process.kill(pid, 'SIGKILL');
  redis?.disconnect();
  await redisServer?.stop();
  return samples;
}

/** Judges each measure that the store has. */
function judge(samples: readonly SoakSample[]): SoakRun['flatness'] {
  const judged: Partial<Record<SoakMeasure, Flatness>> = {};
  for (const name of soakMeasures) {
    const points = samples.flatMap((sample) => {
      const value = sample[name];
      return value === undefined ? [] : [{ minute: sample.minute, value }];
    });
    const tolerance = name === 'p99Ms' ? p99Tolerance : memoryTolerance;
    const result = flatness(points, { warmUpMinutes, tolerance });
    if (result === undefined) continue;
    const { slopePerHour, lastOfFirst, isFlat } = result;
    judged[name] = { slopePerHour: rounded(slopePerHour, 3), lastOfFirst: rounded(lastOfFirst, 3), isFlat };
  }
  return judged;
}

/** Runs a store in a process, so that the load of one leaves nothing behind for the next. */
async function soakInProcess(store: string): Promise<SoakRun> {
  const options = ['minutes', 'rate', 'leases', 'churn', 'every'] as const;
  const args = options.flatMap((name) => [`--${name}`, values[name]]);
  const { line } = await startScript([import.meta.filename, ...args, store]);
  const samples = JSON.parse(line) as SoakSample[];
  return { store, samples, flatness: judge(samples) };
}

if (values['go-first']) {
  // What is started from here has the same priority, and so has its session, where the kernel weighs sessions against each other.
  setPriority(constants.priority.PRIORITY_HIGHEST);
  const group = '/proc/self/autogroup';
  if (existsSync(group)) writeFileSync(group, String(constants.priority.PRIORITY_HIGHEST));
}
const [store] = positionals;
if (store !== undefined) {
  console.log(JSON.stringify(await soak(store)));
} else {
  requireTools();
  const sideBySide = values['side-by-side'];
  const stores = values.stores.split(',');
  const runs: SoakRun[] = sideBySide ? await Promise.all(stores.map(soakInProcess)) : [];
  if (!sideBySide) for (const one of stores) runs.push(await soakInProcess(one));
  writeResult('soak', {
    ...{ machine: machine(), minutes, rate, leases, churn, ttlSeconds, warmUpMinutes, sideBySide, runs },
    goFirst: values['go-first'],
    ...{ everySeconds: everyMs / 1_000, tolerances: { memory: memoryTolerance, p99: p99Tolerance } },
  } satisfies SoakResult);
  for (const run of runs) console.log(run.store, JSON.stringify(run.flatness));
}
process.exit(0);
