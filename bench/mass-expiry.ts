/**
 * Many leases that come due in the same millisecond while heartbeats go on, over each store as a process runs it: how late
 * their expiries are, and how long heartbeats take meanwhile, beside what they take when nothing is due. Writes bench/results/mass-expiry.json.
 *
 * `npm run bench:mass-expiry [-- --leases 100000 --rate 10000 --rounds 5 --stores memory,file,redis]`
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
    rate: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    stores: { type: 'string', default: 'memory,file,redis' },
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

/** Grants all leases that will come due, all with the same deadline: the clock stands still. */
async function grant(port: number, round: number): Promise<void> {
  for (let from = 0; from < users; from += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, users - from) }, async (_, at) => {
        const user = from + at;
        const names = Array.from({ length: channels }, (_, n) => `r${round}-${(user % 10) * channels + n}`);
        const path = `/v2/presence/sub-key/sub-c-bench/channel/${names.join(',')}/heartbeat?uuid=due-${user}&heartbeat=${ttlSeconds}`;
        const reply = await fetch(`http://127.0.0.1:${port}${path}`);
        if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
        await reply.arrayBuffer();
      }),
    );
  }
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
  readonly rows: readonly ({ readonly store: string } & Readonly<Record<keyof Measured, Spread>>)[];
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

async function measure(port: number, round: number): Promise<Measured> {
  await clock(port, { freeze: true });
  await grant(port, round);
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
  await setTimeout(ttlSeconds * 1_000 + windowMs + 1_000);
  const late = await allLateness(port);
  const { atMs, tookMs } = load.take();
  load.stop();
  const dueMs = thawMs + ttlSeconds * 1_000;
  const between = (fromMs: number, toMs: number): number[] =>
    tookMs.filter((_, at) => (atMs[at] ?? 0) >= fromMs && (atMs[at] ?? 0) < toMs);
  const quiet = between(thawMs - quietMs, thawMs);
  // From the deadline until the last expiry was recorded.
  const during = between(dueMs, dueMs + Math.max(quantile(late, 1), 100));
  return {
    latenessP50Ms: quantile(late, 0.5),
    latenessP99Ms: quantile(late, 0.99),
    quietP99Ms: p99(quiet),
    duringP99Ms: p99(during),
    worstMs: quantile(between(dueMs, dueMs + windowMs), 1),
    ratio: p99(during) / p99(quiet),
  };
}

requireTools();
pinBesideLoad(process.pid);
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-mass-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const redis = await startRedis();
pinBesideLoad(redis.pid);

async function measureStore(store: string): Promise<MassExpiryResult['rows'][number]> {
  const place = { file: join(folder, 'store.db'), redis: redis.url }[store] ?? '';
  const port = await startServer(store, place);
  const measured: Measured[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const one = await measure(port, round);
    measured.push(one);
    console.error(store, one);
  }
  stopServers();
  const spread = (name: keyof Measured): Spread => spreadOf(measured.map((one) => one[name]));
  const spreads = Object.fromEntries(names.map((name) => [name, spread(name)]));
  return { store, ...(spreads as Record<keyof Measured, Spread>) };
}

const rows: MassExpiryResult['rows'][number][] = [];
for (const store of values.stores.split(',')) rows.push(await measureStore(store));
writeResult('mass-expiry', {
  ...{ machine: machine(), rounds: Number(values.rounds), leases: users * channels },
  ...{ rate: Number(values.rate), rows },
} satisfies MassExpiryResult);
console.log(JSON.stringify(rows, null, 2));
await redis.stop();
process.exit(0);
