/**
 * CPU time of the server process per heartbeat, for each protocol and store, of this checkout and of another one, in one
 * interleaved run: `npm run bench:cpu -- --against ../other-checkout`. CPU time is steadier than requests per second on a shared
 * machine. Each case is warmed for five seconds; medians of the rounds, with their spread.
 * `--against . --journal on --against-journal off` measures what the journal costs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { type CaseName, prepareCases } from './shared/cases.ts';
import { load, requireTools } from './shared/load.ts';
import { cpuSeconds, freePort, pinBesideLoad, startHeartbeatd, startProgram } from './shared/processes.ts';
import { median } from './shared/results.ts';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
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

let database = 0;
for (const store of values.stores.split(',')) {
  const servers = await Promise.all(
    Object.entries(checkouts).map(async ([name, checkout]) => {
      database += 1;
      const env: Record<string, string> =
        store === 'redis'
          ? { REDIS_URL: `${redis.url}/${database}` }
          : store === 'file'
            ? { DATA: join(folder, `${name}.db`) }
            : {};
      const server = await startHeartbeatd(checkout, {
        LOG_LEVEL: values.level,
        JOURNAL: name === 'against' ? (values['against-journal'] ?? values.journal) : values.journal,
        ...env,
      });
      return { name, server, cases: await prepareCases(server.port, isChosen) };
    }),
  );
  const names = (Object.keys(servers[0]?.cases ?? {}) as CaseName[]).filter(isChosen);
  for (const name of names) {
    for (const { server, cases } of servers) load(server.port, cases[name], warmSeconds);
    load(bare, cases0(servers)[name], warmSeconds);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name: which, server, cases } of round % 2 === 0 ? servers : servers.toReversed()) {
        const before = cpuSeconds(server.pid);
        const { requests } = load(server.port, cases[name], seconds);
        note(`${store} ${name} ${which}`, ((cpuSeconds(server.pid) - before) * 1e6) / requests);
      }
      const before = cpuSeconds(barePid);
      const { requests } = load(bare, cases0(servers)[name], seconds);
      note(`${store} ${name} bare`, ((cpuSeconds(barePid) - before) * 1e6) / requests);
    }
    report(store, name);
  }
  for (const { server } of servers) process.kill(server.pid, 'SIGKILL');
}
await redis.stop();
process.exit(0);

/** `--cases` is part of the names of the chosen cases, or the whole name of one. */
function isChosen(name: CaseName): boolean {
  return values.cases === 'presence' ? name === values.cases : name.includes(values.cases);
}

function cases0(servers: readonly { readonly cases: Awaited<ReturnType<typeof prepareCases>> }[]) {
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  return first.cases;
}

function report(store: string, name: string): void {
  const of = (which: string): number[] => samples.get(`${store} ${name} ${which}`) ?? [];
  const mine = median(of('here'));
  const spread = `${Math.min(...of('here')).toFixed(1)}-${Math.max(...of('here')).toFixed(1)}`;
  const ofBare = (mine / median(of('bare'))).toFixed(2);
  const other = of('against').length === 0 ? '' : ` | ${(mine / median(of('against'))).toFixed(3)}`;
  console.log(`| ${name} | ${store} | ${mine.toFixed(1)} µs (${spread}) | ${ofBare}${other} |`);
}
