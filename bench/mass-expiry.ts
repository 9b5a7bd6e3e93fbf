/**
 * Many leases that come due in the same millisecond while heartbeats go on, over the embedded store as a process runs it: how late
 * their expiries are, and how long heartbeats take meanwhile, beside what they take when nothing is due. Prints JSON.
 *
 * `node bench/mass-expiry.ts [--leases 100000] [--rate 10000] [--rounds 3] [--store memory|file]`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, requireTools, startServer, stopServers } from './load.ts';
import { type Reply, startPacedLoad } from './paced-load.ts';

const { values } = parseArgs({
  options: {
    leases: { type: 'string', default: '100000' },
    channels: { type: 'string', default: '100' },
    rate: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    store: { type: 'string', default: 'memory' },
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

const p99 = (replies: readonly Reply[]): number => {
  const sorted = replies.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
};

async function measure(port: number, round: number) {
  await clock(port, { freeze: true });
  await grant(port, round);
  const alive = Array.from({ length: 1_000 }, (_, at) => heartbeat(`alive-${at}`, [`alive-${at % 50}`], 300));
  const load = await startPacedLoad(port, alive, { perSecond: Number(values.rate), connections: 64 });
  const startMs = performance.now();
  // The first second opens connections and compiles.
  await setTimeout(quietMs + 1_000);
  await post(port, '/lateness');
  const thawMs = performance.now() - startMs;
  await clock(port, { freeze: false });
  await setTimeout(ttlSeconds * 1_000 + windowMs + 1_000);
  const late = (await post(port, '/lateness')) as number[];
  const replies = await load.stop();
  const dueMs = thawMs + ttlSeconds * 1_000;
  const between = (fromMs: number, toMs: number): Reply[] =>
    replies.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  const quiet = between(thawMs - quietMs, thawMs);
  // From the deadline until the last expiry was recorded.
  const during = between(dueMs, dueMs + Math.max(at(1), 100));
  return {
    expired: late.length,
    latenessP50Ms: at(0.5),
    latenessP99Ms: at(0.99),
    quietP99Ms: p99(quiet),
    duringP99Ms: p99(during),
    worstMs: Math.max(...between(dueMs, dueMs + windowMs).map(({ tookMs }) => tookMs)),
    ratio: p99(during) / p99(quiet),
  };
}

requireTools();
execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' });
const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-mass-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const port = await startServer(
  ...(values.store === 'file' ? ['file', join(folder, 'store.db')] : ['memory']),
);
const measured: Awaited<ReturnType<typeof measure>>[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  const result = await measure(port, round);
  measured.push(result);
  console.error(result);
}
const keys = Object.keys(measured[0] ?? {}) as (keyof (typeof measured)[number])[];
console.log(
  JSON.stringify(Object.fromEntries(keys.map((key) => [key, median(measured.map((one) => one[key]))]))),
);
stopServers();
process.exit(0);
