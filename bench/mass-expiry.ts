/**
 * Many leases that come due while heartbeats go on, all in the same millisecond or spread evenly over some seconds, over each store as a
 * process runs it: how late their expiries are, and how long heartbeats take meanwhile, beside what they take when nothing is due. Writes
 * bench/results/mass-expiry.json.
 *
 * `npm run bench:mass-expiry [-- --leases 100000 --rate 20000 --rounds 5 --stores memory,file,redis --within 0,10]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/redis-server.ts';
import { requireTools } from './shared/load.ts';
import { startPacedLoad } from './shared/paced-load.ts';
import { pinBesideLoad, startServer, stopServers } from './shared/processes.ts';
import { type Machine, machine, quantile, type Spread, spreadOf, writeResult } from './shared/results.ts';

const { values } = parseArgs({
  options: {
    leases: { type: 'string', default: '100000' },
    channels: { type: 'string', default: '100' },
    rate: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    stores: { type: 'string', default: 'memory,file,redis' },
    within: { type: 'string', default: '0,10' },
  },
});
const channels = Number(values.channels);
const users = Math.floor(Number(values.leases) / channels);
const quietMs = 3_000;
const ttlSeconds = 5;
/** How long after the deadline replies count as sent meanwhile. */
const windowMs = 1_000;

const heartbeat = (user: string, names: readonly string[], seconds: number): string =>
  `GET /v2/presence/sub-key/sub-c-bench/channel/${names.join(',')}/heartbeat?uuid=${user}&heartbeat=${seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function post(port: number, path: string, body?: unknown): Promise<unknown> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await reply.text();
  return text === '' ? undefined : JSON.parse(text);
}

const clock = (port: number, change: unknown) => post(port, '/_heartbeatd/clock', change);

/** What a round grants: names of rounds differ. */
interface Grants {
  readonly round: string;
  /** Over how long the deadlines are spread, s; 0: all are the same. */
  readonly withinSeconds: number;
}

/** Grants all leases that will come due. The clock stands still, or is moved on between them. */
async function grant(port: number, grants: Grants): Promise<void> {
  const { withinSeconds } = grants;
  const atOnce = withinSeconds === 0 ? 20 : 1;
  for (let from = 0; from < users; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, users - from) }, (_, at) => from + at);
    await Promise.all(some.map((user) => grantOne(port, user, grants)));
    if (withinSeconds > 0) await clock(port, { advance: (withinSeconds * 1_000) / users });
  }
}

async function grantOne(port: number, user: number, { round, withinSeconds }: Grants): Promise<void> {
  const names = Array.from({ length: channels }, (_, n) => `r${round}-${(user % 10) * channels + n}`);
  const path = `/v2/presence/sub-key/sub-c-bench/channel/${names.join(',')}/heartbeat?uuid=due-${user}&heartbeat=${ttlSeconds + withinSeconds}`;
  const reply = await fetch(`http://127.0.0.1:${port}${path}`);
  if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
  await reply.arrayBuffer();
}

const p99 = (tookMs: readonly number[]): number => quantile(tookMs, 0.99);

const names = ['latenessP50Ms', 'latenessP99Ms', 'quietP99Ms', 'duringP99Ms', 'worstMs', 'ratio'] as const;
type Measured = Readonly<Record<(typeof names)[number], number>>;

export interface MassExpiryResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly leases: number;
  /** Heartbeats a second that go on. */
  readonly rate: number;
  readonly rows: readonly ({
    readonly store: string;
    /** Over how long the deadlines are spread, s; 0: all are the same. */
    readonly withinSeconds: number;
  } & Readonly<Record<keyof Measured, Spread>>)[];
}

const longestWaitMs = 60_000;

/** Resolves with the lateness of all that were due. Rejects if they have not all expired in time. */
async function allLateness(port: number): Promise<number[]> {
  const late: number[] = [];
  for (const endMs = performance.now() + longestWaitMs; performance.now() < endMs; await setTimeout(100)) {
    late.push(...((await post(port, '/lateness')) as number[]));
    if (late.length === users * channels) return late;
  }
  throw new Error(`${late.length} of ${users * channels} leases have expired`);
}

async function measure(port: number, grants: Grants): Promise<Measured> {
  const { withinSeconds } = grants;
  await clock(port, { freeze: true });
  await grant(port, grants);
  const alive = Array.from({ length: 1_000 }, (_, at) => heartbeat(`alive-${at}`, [`alive-${at % 50}`], 300));
  let sent = 0;
  const next = (): string => {
    sent += 1;
    return alive[sent % alive.length] ?? '';
  };
  const load = await startPacedLoad(port, { perSecond: Number(values.rate), connections: 64, next });
  const startMs = performance.now();
  // The first second opens connections and compiles.
  await setTimeout(quietMs + 1_000);
  await post(port, '/lateness');
  const thawMs = performance.now() - startMs;
  await clock(port, { freeze: false });
  await setTimeout((ttlSeconds + withinSeconds) * 1_000 + windowMs + 1_000);
  const late = await allLateness(port);
  const { atMs, tookMs } = load.take();
  load.stop();
  const dueMs = thawMs + ttlSeconds * 1_000;
  const between = (fromMs: number, toMs: number): number[] =>
    tookMs.filter((_, at) => (atMs[at] ?? 0) >= fromMs && (atMs[at] ?? 0) < toMs);
  const quiet = between(thawMs - quietMs, thawMs);
  const lastDueMs = dueMs + withinSeconds * 1_000;
  // From the first deadline until the last expiry was recorded.
  const during = between(dueMs, lastDueMs + Math.max(quantile(late, 1), 100));
  return {
    latenessP50Ms: quantile(late, 0.5),
    latenessP99Ms: quantile(late, 0.99),
    quietP99Ms: p99(quiet),
    duringP99Ms: p99(during),
    worstMs: quantile(between(dueMs, lastDueMs + windowMs), 1),
    ratio: p99(during) / p99(quiet),
  };
}

requireTools();
pinBesideLoad(process.pid);
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-mass-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const redis = await startRedis();
pinBesideLoad(redis.pid);

type Row = MassExpiryResult['rows'][number];

async function measureStore(store: string, withinSeconds: number): Promise<Row> {
  const place = { file: join(folder, 'store.db'), redis: redis.url }[store] ?? '';
  const port = await startServer(store, place);
  const measured: Measured[] = [];
  // The first time, what a mass expiry runs is not compiled yet.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    const one = await measure(port, { round: `${withinSeconds}-${round}`, withinSeconds });
    if (round > 0) measured.push(one);
    console.error(store, round === 0 ? 'warm-up' : '', one);
  }
  stopServers();
  const spread = (name: keyof Measured): Spread => spreadOf(measured.map((one) => one[name]));
  const spreads = Object.fromEntries(names.map((name) => [name, spread(name)]));
  return { store, withinSeconds, ...(spreads as Record<keyof Measured, Spread>) };
}

const rows: Row[] = [];
for (const within of values.within.split(','))
  for (const store of values.stores.split(',')) rows.push(await measureStore(store, Number(within)));
writeResult('mass-expiry', {
  ...{ machine: machine(), rounds: Number(values.rounds), leases: users * channels },
  ...{ rate: Number(values.rate), rows },
} satisfies MassExpiryResult);
console.log(JSON.stringify(rows, null, 2));
await redis.stop();
process.exit(0);
