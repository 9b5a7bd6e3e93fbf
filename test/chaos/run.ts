/** Runs the clients of one world through its faults, in rounds that end in quiet, and checks the history. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRandom } from '../random.ts';
import { type Crowd, startCrowd } from './clients/crowd.ts';
import type { Entry, FaultEntry } from './history.ts';
import { type PlannedFault, planFaults } from './plan.ts';
import { makeProber, type Prober, recoveryBoundMs, setUpProbes } from './recovery.ts';
import { startClusterWorld } from './world/cluster-world.ts';
import { startFileWorld } from './world/file-world.ts';
import { startRedisWorld } from './world/redis-world.ts';
import { startSentinelWorld } from './world/sentinel-world.ts';
import type { StoreName, World, WorldOptions } from './world/world.ts';

export interface RunOptions {
  readonly store: StoreName;
  readonly seed: string;
  readonly minutes: number;
  /** Only faults whose name contains it. */
  readonly faults: string;
  /** Prints a line of progress. */
  readonly print: (line: string) => void;
  /** Aborted to end the run early. */
  readonly stopped: AbortSignal;
}

export interface RunResult {
  readonly store: StoreName;
  readonly operations: number;
  readonly failed: number;
  readonly faults: readonly FaultEntry[];
  readonly skipped: readonly string[];
  readonly history: readonly Entry[];
  /** What the servers logged beside requests, with the time at which it was read. */
  readonly log: readonly string[];
}

const starters: Readonly<Record<StoreName, (options: WorldOptions) => Promise<World>>> = {
  file: startFileWorld,
  redis: startRedisWorld,
  sentinel: startSentinelWorld,
  cluster: startClusterWorld,
};

/** A round of faults lasts about so long before its quiet. */
const roundMs = 40_000;
const maxLogLines = 10_000;
/** Enough for the whole run: faults take at least half a second each. */
const maxFaults = 100_000;

/** Starts a world, breaks it for so many minutes, and ends it. Whatever happens, nothing that it started remains. */
export async function runWorld(options: RunOptions): Promise<RunResult> {
  const { store, seed, minutes, print } = options;
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-chaos-'));
  const history: Entry[] = [];
  const onError = (line: string): void => {
    history.push({ kind: 'oddity', what: `log: ${line.slice(0, 500)}`, atMs: performance.now() });
  };
  const log: string[] = [];
  const onLine = (line: string): void => {
    if (log.length < maxLogLines) log.push(`${Math.round(performance.now())} ${line.slice(0, 500)}`);
  };
  let world: World | undefined;
  let crowd: Crowd | undefined;
  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, options.stopped]);
  try {
    const started = await starters[store]({ folder, onError, onLine, nodeCount: 2 });
    world = started;
    crowd = await startCrowd({
      urls: started.nodes.map(({ url }) => url),
      random: makeRandom(`${seed}/${store}/clients`),
      record: (entry) => history.push(entry),
      stopped,
      hasTrueClock: () => started.hasTrueClock(),
    });
    await setUpProbes(crowd.bench);
    const names = started.faults.map(({ name }) => name).filter((name) => name.includes(options.faults));
    if (names.length === 0) throw new Error(`${store}: no fault has "${options.faults}" in its name`);
    const plan = planFaults({ seed, store, names, count: maxFaults });
    const endMs = performance.now() + minutes * 60_000;
    await breakUntil({ endMs, plan, world: started, crowd, history, print, seed, stopped });
    const { operations, failed } = crowd.bench;
    const faults = history.filter((entry) => entry.kind === 'fault');
    const { skipped } = started;
    // Not checked here: that takes seconds, in which the clients of other stores would stand still.
    return { store, operations, failed, faults, skipped, history, log };
  } finally {
    stop.abort();
    await crowd?.ended();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Breaking {
  readonly endMs: number;
  readonly plan: readonly PlannedFault[];
  readonly world: World;
  readonly crowd: Crowd;
  readonly history: Entry[];
  readonly print: (line: string) => void;
  readonly seed: string;
  readonly stopped: AbortSignal;
}

/** Works through the plan in rounds; the last round ends in quiet as well. */
async function breakUntil(breaking: Breaking): Promise<void> {
  const { endMs, plan, world, crowd, stopped } = breaking;
  const prober = makeProber(crowd.bench);
  await prober.recovered();
  let next = 0;
  while (performance.now() < endMs && !stopped.aborted) {
    const roundEndMs = Math.min(endMs, performance.now() + roundMs);
    while (performance.now() < roundEndMs && !stopped.aborted) {
      const planned = plan[next];
      if (planned === undefined) throw new Error('the plan is too short');
      await breakOnce(breaking, { planned, prober, number: next });
      next += 1;
    }
    const isCalm = await crowd.quiet();
    const outcome = isCalm ? 'quiet' : 'the machine is too busy to compare anything';
    breaking.print(`${world.store}: ${outcome} after ${next} faults`);
  }
}

async function breakOnce(
  { world, crowd, history, print, seed, stopped }: Breaking,
  {
    planned,
    prober,
    number,
  }: { readonly planned: PlannedFault; readonly prober: Prober; readonly number: number },
): Promise<void> {
  const fault = world.faults.find(({ name }) => name === planned.name);
  if (fault === undefined) throw new Error(`there is no fault "${planned.name}"`);
  await fault.prepare?.();
  await crowd.bench.pause(planned.afterMs);
  if (stopped.aborted) return;
  const startMs = performance.now();
  await fault.run({ forMs: planned.forMs, random: makeRandom(`${seed}/${world.store}/${number}`) });
  const healedMs = fault.isSelfHealing === true ? startMs : performance.now();
  const recoveredMs = await prober.recovered();
  if (stopped.aborted) return;
  const { name, isLossy = false, forwardSteps = 0, keepsTime = false } = fault;
  history.push({ kind: 'fault', name, startMs, healedMs, recoveredMs, isLossy, forwardSteps, keepsTime });
  const took =
    recoveredMs === null ? `not in ${recoveryBoundMs} ms` : `${Math.round(recoveredMs - healedMs)} ms`;
  print(
    `${world.store}: ${number + 1}. ${name}, ${Math.round(performance.now() - startMs)} ms; served after ${took}`,
  );
}
