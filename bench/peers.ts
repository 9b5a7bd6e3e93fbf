/**
 * CPU time of heartbeats beside that of other servers, all interleaved in one run: bare `node:http`, an idle route of Fastify, etcd's REST
 * keep-alive of leases, and heartbeatd over each of its stores. Each server is warmed for each case. Writes bench/results/peers.json.
 *
 * `npm run bench:peers [-- --rounds 5 --seconds 1 --warm 5 --cases presence --stores memory,file,redis]`
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { type CaseName, prepareCases } from './cases.ts';
import { load, median, pinBesideLoad, type Request, requireTools } from './load.ts';
import { cpuSeconds, freePort, machine, residentMb, startHeartbeatd, startProgram } from './processes.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    warm: { type: 'string', default: '5' },
    cases: { type: 'string', default: '' },
    stores: { type: 'string', default: 'memory,file,redis' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-peers-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Peer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Process of the store, where it is another one. */
  readonly storePid?: number;
  /** Its own heartbeats; undefined: it takes the requests of any case. */
  readonly cases?: Readonly<Record<CaseName, readonly Request[]>>;
  /** The same request in every case. */
  readonly request?: readonly Request[];
  readonly idleMb: number;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface PeersResult {
  readonly machine: ReturnType<typeof machine>;
  readonly rounds: number;
  readonly rows: readonly {
    readonly case: string;
    readonly server: string;
    readonly cpuMicros: Spread;
    readonly perSecond: number;
    readonly storeMicros?: number;
  }[];
  /** Resident memory before and after all cases, MB. */
  readonly memory: readonly { readonly server: string; readonly idleMb: number; readonly busyMb: number }[];
}

async function startBench(kind: 'bare' | 'fastify'): Promise<Peer> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'idle-server.ts');
  const server = await startProgram([process.execPath, script, kind, String(port)], {
    port,
    path: '/healthz',
  });
  return { name: kind === 'bare' ? 'node:http' : 'Fastify', ...server, idleMb: residentMb(server.pid) };
}

/** Starts etcd, if it is installed (Debian: etcd-server), with a lease to keep alive. */
async function startEtcd(): Promise<Peer | undefined> {
  try {
    execFileSync('sh', ['-c', 'command -v etcd'], { stdio: 'ignore' });
  } catch {
    console.error('etcd is not installed: left out');
    return undefined;
  }
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const server = await startProgram(
    [
      ...[
        'etcd',
        '--data-dir',
        join(folder, 'etcd'),
        '--listen-client-urls',
        url,
        '--advertise-client-urls',
        url,
      ],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `default=${peerUrl}`],
    ],
    { port, path: '/health' },
  );
  const granted = await fetch(`${url}/v3/lease/grant`, { method: 'POST', body: '{"TTL":3600}' });
  const { ID } = (await granted.json()) as { ID: string };
  const request: readonly Request[] = [
    { method: 'POST', path: '/v3/lease/keepalive', body: `{"ID":"${ID}"}` },
  ];
  return { name: 'etcd', ...server, request, idleMb: residentMb(server.pid) };
}

const redis = await startRedis({ appendOnly: true });
pinBesideLoad(redis.pid);

async function startStore(store: string): Promise<Peer> {
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'warn', JOURNAL: 'off' };
  if (store === 'redis') env.REDIS_URL = redis.url;
  if (store === 'file') env.DATA = join(folder, 'store.db');
  const server = await startHeartbeatd(join(import.meta.dirname, '..'), env);
  const idleMb = residentMb(server.pid);
  const cases = await prepareCases(server.port, values.cases);
  const storePid = store === 'redis' ? { storePid: redis.pid } : {};
  return { name: `heartbeatd, ${store}`, ...server, ...storePid, cases, idleMb };
}

interface Sample {
  readonly cpuMicros: number;
  readonly storeMicros: number | undefined;
  readonly perSecond: number;
}

function measure(peer: Peer, requests: readonly Request[]): Sample {
  const { pid, port, storePid } = peer;
  const before = cpuSeconds(pid);
  const storeBefore = storePid === undefined ? 0 : cpuSeconds(storePid);
  const { requests: answered, perSecond } = load(port, requests, Number(values.seconds));
  const micros = (seconds: number): number => (seconds * 1e6) / answered;
  return {
    cpuMicros: micros(cpuSeconds(pid) - before),
    storeMicros: storePid === undefined ? undefined : micros(cpuSeconds(storePid) - storeBefore),
    perSecond,
  };
}

const rounded = (number: number): number => Math.round(number * 10) / 10;

requireTools();
const peers: Peer[] = [await startBench('bare'), await startBench('fastify')];
const etcd = await startEtcd();
if (etcd !== undefined) peers.push(etcd);
for (const store of values.stores.split(',')) peers.push(await startStore(store));
const cases = peers.find((peer) => peer.cases !== undefined)?.cases;
if (cases === undefined) throw new Error('no store is chosen');
const rows: PeersResult['rows'][number][] = [];
for (const name of (Object.keys(cases) as CaseName[]).filter((one) => one.includes(values.cases))) {
  const requestsOf = (peer: Peer): readonly Request[] => peer.request ?? (peer.cases ?? cases)[name];
  const samples = new Map<string, Sample[]>(peers.map((peer) => [peer.name, []]));
  for (const peer of peers) load(peer.port, requestsOf(peer), Number(values.warm));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const peer of round % 2 === 0 ? peers : peers.toReversed())
      samples.get(peer.name)?.push(measure(peer, requestsOf(peer)));
  }
  for (const { name: server, storePid } of peers) {
    // On a busy machine a round may pass without a reply.
    const taken = (samples.get(server) ?? []).filter(({ cpuMicros }) => Number.isFinite(cpuMicros));
    const cpu = taken.map(({ cpuMicros }) => cpuMicros);
    const store = median(taken.map(({ storeMicros }) => storeMicros ?? 0));
    rows.push({
      case: name,
      server,
      cpuMicros: {
        median: rounded(median(cpu)),
        min: rounded(Math.min(...cpu)),
        max: rounded(Math.max(...cpu)),
      },
      perSecond: Math.round(median(taken.map(({ perSecond }) => perSecond))),
      ...(storePid === undefined ? {} : { storeMicros: rounded(store) }),
    });
    console.log(JSON.stringify(rows.at(-1)));
  }
}
const result: PeersResult = {
  machine: machine(),
  rounds: Number(values.rounds),
  rows,
  memory: peers.map(({ name, pid, idleMb }) => ({ server: name, idleMb, busyMb: residentMb(pid) })),
};
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(join(import.meta.dirname, 'results/peers.json'), `${JSON.stringify(result, null, 2)}\n`);
await redis.stop();
process.exit(0);
