/**
 * CPU time of the server process per heartbeat, for each protocol and store, of this checkout and of another one, in one
 * interleaved run: `npm run bench:cpu -- --against ../other-checkout`. CPU time is steadier than requests per second on a shared
 * machine. Each case is warmed for five seconds; medians of the rounds, with their spread. A process is up to a tenth faster than another one
 * of the same code, for as long as it lives: `--starts 5` starts them anew, and compares them in pairs.
 * `--against . --journal on --against-journal off` measures what the journal costs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { type CaseName, prepareCases } from './shared/cases.ts';
import { load, type Request, requireTools } from './shared/load.ts';
import { cpuSeconds, freePort, pinBesideLoad, startHeartbeatd, startProgram } from './shared/processes.ts';
import { median } from './shared/results.ts';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    starts: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '3' },
    warm: { type: 'string', default: '5' },
    stores: { type: 'string', default: 'memory,file,redis' },
    level: { type: 'string', default: 'warn' },
    cases: { type: 'string', default: '' },
    journal: { type: 'string', default: 'off' },
    'against-journal': { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const warmSeconds = Number(values.warm);
const here = join(import.meta.dirname, '..');
const checkouts = { here, ...(values.against === undefined ? {} : { against: resolve(values.against) }) };

const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-cpu-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

requireTools();
const samples = new Map<string, number[]>();
const note = (key: string, micros: number): void => {
  samples.set(key, [...(samples.get(key) ?? []), micros]);
};

const redis = await startRedis();
pinBesideLoad(redis.pid);
const barePort = await freePort();
const { pid: barePid, port: bare } = await startProgram(
  [process.execPath, join(import.meta.dirname, 'shared/idle-server.ts'), 'bare', String(barePort)],
  { port: barePort, path: '/healthz' },
);

/** By case: of the median of this checkout to that of the other one, for each start. */
const ratios = new Map<string, number[]>();

let places = 0;
for (const store of values.stores.split(',')) {
  places = 0;
  for (let start = 0; start < Number(values.starts); start += 1) await measureStart(store);
  for (const key of ratios.keys()) if (key.startsWith(`${store} `)) report(key);
}
await redis.stop();
process.exit(0);

/** Starts a server of each checkout over a store of its own, and measures all cases on them in turn. */
async function measureStart(store: string): Promise<void> {
  const servers = await Promise.all(
    Object.entries(checkouts).map(async ([name, checkout]) => {
      const server = await startHeartbeatd(checkout, {
        LOG_LEVEL: values.level,
        JOURNAL: name === 'against' ? (values['against-journal'] ?? values.journal) : values.journal,
        ...newPlace(store),
      });
      return { name, server, cases: await prepareCases(server.port, isChosen) };
    }),
  );
  const names = (Object.keys(servers[0]?.cases ?? {}) as CaseName[]).filter(isChosen);
  for (const name of names) {
    const key = `${store} ${name}`;
    const before = new Map(Object.keys(checkouts).map((which) => [which, of(key, which).length]));
    for (const { server, cases } of servers) load(server.port, cases[name], warmSeconds);
    load(bare, cases0(servers)[name], warmSeconds);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name: which, server, cases } of round % 2 === 0 ? servers : servers.toReversed())
        note(`${key} ${which}`, microsOf(server, cases[name]));
      note(`${key} bare`, microsOf({ pid: barePid, port: bare }, cases0(servers)[name]));
    }
    const [mine = 0, other = Number.NaN] = [...before].map(([which, from]) =>
      median(of(key, which).slice(from)),
    );
    ratios.set(key, [...(ratios.get(key) ?? []), mine / other]);
  }
  for (const { server } of servers) process.kill(server.pid, 'SIGKILL');
}

/** Returns the settings of a store that no other server has. Redis has 16 databases: enough for seven starts of two. */
function newPlace(store: string): Record<string, string> {
  if (store === 'memory') return {};
  places += 1;
  return store === 'redis' ? { REDIS_URL: `${redis.url}/${places}` } : { DATA: join(folder, `${places}.db`) };
}

/** Returns the CPU time that a process takes for a request, microseconds. */
function microsOf(
  { pid, port }: { readonly pid: number; readonly port: number },
  requests: readonly Request[],
): number {
  const before = cpuSeconds(pid);
  const { requests: answered } = load(port, requests, seconds);
  return ((cpuSeconds(pid) - before) * 1e6) / answered;
}

/** `--cases` is part of the names of the chosen cases, or the whole name of one. */
function isChosen(name: CaseName): boolean {
  return values.cases === 'presence' ? name === values.cases : name.includes(values.cases);
}

function cases0(servers: readonly { readonly cases: Awaited<ReturnType<typeof prepareCases>> }[]) {
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  return first.cases;
}

function of(key: string, which: string): readonly number[] {
  return samples.get(`${key} ${which}`) ?? [];
}

function report(key: string): void {
  const mine = median(of(key, 'here'));
  const spread = `${Math.min(...of(key, 'here')).toFixed(1)}-${Math.max(...of(key, 'here')).toFixed(1)}`;
  const ofBare = (mine / median(of(key, 'bare'))).toFixed(2);
  const all = ratios.get(key) ?? [];
  const range = all.length > 1 ? ` (${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)})` : '';
  const other = values.against === undefined ? '' : ` | ${median(all).toFixed(3)}${range}`;
  console.log(`| ${key} | ${mine.toFixed(1)} µs (${spread}) | ${ofBare}${other} |`);
}
