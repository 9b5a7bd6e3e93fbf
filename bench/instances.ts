/**
 * What servers in a process cost and leave behind: time to start and stop one, and heap, resources and idle CPU before and after many.
 *
 *     npx node bench/instances.ts [instances]
 */
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startHeartbeatd } from '../src/index.ts';
import { median, rounded } from './shared/results.ts';

const count = Number(process.argv[2] ?? 200);
const idleMs = 2_000;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Resolves to the process at rest: heap in MiB, CPU ms per second, and what keeps the event loop alive. */
async function atRest() {
  // Closed sockets and finalizers need a turn.
  for (let turn = 0; turn < 3; turn += 1) {
    await pause(50);
    collect();
  }
  const { heapUsed } = process.memoryUsage();
  const before = process.cpuUsage();
  await pause(idleMs);
  const { user, system } = process.cpuUsage(before);
  return {
    heapMiB: Number((heapUsed / 1_048_576).toFixed(2)),
    cpuMsPerSecond: Number((((user + system) / 1_000 / idleMs) * 1_000).toFixed(2)),
    resources: process.getActiveResourcesInfo().toSorted().join(' '),
  };
}

/** Starts a server, sends a heartbeat and stops it. Resolves to the CPU ms of start and stop, and the wall ms. */
async function useOne() {
  const t0 = performance.now();
  const c0 = process.cpuUsage();
  const hb = await startHeartbeatd();
  const startMs = performance.now() - t0;
  const startCpu = process.cpuUsage(c0);
  await (await fetch(`${hb.url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann`)).text();
  const t1 = performance.now();
  const c1 = process.cpuUsage();
  await hb.close();
  const stopCpu = process.cpuUsage(c1);
  return {
    startMs,
    stopMs: performance.now() - t1,
    startCpuMs: (startCpu.user + startCpu.system) / 1_000,
    stopCpuMs: (stopCpu.user + stopCpu.system) / 1_000,
  };
}

const medianOf = (values: readonly number[]): number => rounded(median(values));

// Code is compiled and caches are filled by the first ones.
for (let nth = 0; nth < 10; nth += 1) await useOne();
const before = await atRest();
const uses: Awaited<ReturnType<typeof useOne>>[] = [];
for (let nth = 0; nth < count; nth += 1) uses.push(await useOne());
const after = await atRest();
console.table({ before, after });
console.table({
  'median, wall ms': {
    start: medianOf(uses.map((u) => u.startMs)),
    stop: medianOf(uses.map((u) => u.stopMs)),
  },
  'median, CPU ms': {
    start: medianOf(uses.map((u) => u.startCpuMs)),
    stop: medianOf(uses.map((u) => u.stopCpuMs)),
  },
});
