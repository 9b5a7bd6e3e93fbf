/**
 * CPU time of heartbeats beside that of other servers, all interleaved in one run: bare `node:http`, an idle route of Fastify, etcd's REST
 * keep-alive of leases, r-nacos' REST beat of an instance, and heartbeatd over each of its stores. Each server is warmed for each case. Writes bench/results/peers.json, with another number of connections peers-<connections>.json.
 *
 * `npm run bench:peers [-- --rounds 5 --seconds 1 --warm 5 --cases presence --stores memory,file,redis --connections 64]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { type CaseName, prepareCases } from './shared/cases.ts';
import { connections, load, type Request, requireTools } from './shared/load.ts';
import { type OtherServer, startEtcd, startIdle, startNacos } from './shared/other-servers.ts';
import { cpuSeconds, pinBesideLoad, residentMb, startHeartbeatd } from './shared/processes.ts';
import { type Machine, machine, median, type Spread, spreadOf, writeResult } from './shared/results.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    warm: { type: 'string', default: '5' },
    cases: { type: 'string', default: '' },
    stores: { type: 'string', default: 'memory,file,redis' },
    connections: { type: 'string', default: String(connections) },
  },
});
const over = Number(values.connections);
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-peers-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Peer extends OtherServer {
  /** Process of the store, where it is another one. */
  readonly storePid?: number;
  /** Its own heartbeats; undefined: it takes the requests of any case. */
  readonly cases?: Readonly<Record<CaseName, readonly Request[]>>;
}

export interface PeersResult {
  readonly machine: Machine;
  readonly rounds: number;
  /** Absent: 64. */
  readonly connections?: number;
  readonly rows: readonly {
    readonly case: string;
    readonly server: string;
    readonly cpuMicros: Spread;
    readonly perSecond: number;
    readonly storeMicros?: Spread;
  }[];
  /** Resident memory before and after all cases, MB. */
  readonly memory: readonly { readonly server: string; readonly idleMb: number; readonly busyMb: number }[];
}

const redis = await startRedis({ appendOnly: true });
pinBesideLoad(redis.pid);

async function startStore(store: string): Promise<Peer> {
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'warn', JOURNAL: 'off' };
  if (store === 'redis') env.REDIS_URL = redis.url;
  if (store === 'file') env.DATA = join(folder, 'store.db');
  const server = await startHeartbeatd(join(import.meta.dirname, '..'), env);
  const idleMb = residentMb(server.pid);
  const cases = await prepareCases(server.port, (name) => name.includes(values.cases));
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
  const { requests: answered, perSecond } = load(port, requests, Number(values.seconds), over);
  const micros = (seconds: number): number => (seconds * 1e6) / answered;
  return {
    cpuMicros: micros(cpuSeconds(pid) - before),
    storeMicros: storePid === undefined ? undefined : micros(cpuSeconds(storePid) - storeBefore),
    perSecond,
  };
}

requireTools();
const peers: Peer[] = [await startIdle('bare'), await startIdle('fastify')];
for (const start of [startEtcd, startNacos]) {
  const peer = await start(folder);
  if (peer !== undefined) peers.push(peer);
}
for (const store of values.stores.split(',')) peers.push(await startStore(store));
const cases = peers.find((peer) => peer.cases !== undefined)?.cases;
if (cases === undefined) throw new Error('no store is chosen');
const rows: PeersResult['rows'][number][] = [];
for (const name of (Object.keys(cases) as CaseName[]).filter((one) => one.includes(values.cases))) {
  const requestsOf = (peer: Peer): readonly Request[] => peer.request ?? (peer.cases ?? cases)[name];
  const samples = new Map<string, Sample[]>(peers.map((peer) => [peer.name, []]));
  for (const peer of peers) load(peer.port, requestsOf(peer), Number(values.warm), over);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const peer of round % 2 === 0 ? peers : peers.toReversed())
      samples.get(peer.name)?.push(measure(peer, requestsOf(peer)));
  }
  for (const { name: server, storePid } of peers) {
    const taken = samples.get(server) ?? [];
    const perSecond = Math.round(median(taken.map((sample) => sample.perSecond)));
    const cpuMicros = spreadOf(taken.map((sample) => sample.cpuMicros));
    const storeMicros = spreadOf(taken.map((sample) => sample.storeMicros ?? Number.NaN));
    const row = { case: name, server, cpuMicros, perSecond };
    rows.push(storePid === undefined ? row : { ...row, storeMicros });
    console.log(JSON.stringify(rows.at(-1)));
  }
}
writeResult(over === connections ? 'peers' : `peers-${over}`, {
  ...{ machine: machine(), rounds: Number(values.rounds), connections: over, rows },
  memory: peers.map(({ name, pid, idleMb }) => ({ server: name, idleMb, busyMb: residentMb(pid) })),
} satisfies PeersResult);
await redis.stop();
process.exit(0);
