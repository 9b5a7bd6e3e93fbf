/** Runs the clients of a chaos run against two apps of this process over one store, without faults of the world. */
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import { makeRandom } from '../random.ts';
import { startApp } from '../start-app.ts';
import { checkHistory } from './check/check.ts';
import type { Verdict } from './check/verdict.ts';
import { ttlMs } from './clients/bench.ts';
import { startCrowd } from './clients/crowd.ts';
import type { Entry } from './history.ts';
import type { Poison } from './poisons.ts';

/** How long clients act before their quiet time, and how long that is, ms. */
const actMs = 8_000;
const settleMs = 10_000;

export interface InProcessResult extends Verdict {
  readonly history: readonly Entry[];
}

const maxRuns = 3;

/**
 * Runs the clients for some twenty seconds over a store that the poison breaks; again if the machine was too busy in the quiet time for them to
 * look at what the store has.
 */
export async function runInProcess(seed: string, poison?: Poison): Promise<InProcessResult> {
  for (let runs = 1; ; runs += 1) {
    const { isCalm, ...result } = await runOnce(seed, poison);
    if (isCalm || runs === maxRuns) return result;
  }
}

async function runOnce(
  seed: string,
  poison: Poison = (driver) => driver,
): Promise<InProcessResult & { readonly isCalm: boolean }> {
  const random = makeRandom(seed);
  const store = createStore(poison(openEmbeddedDriver(), random.fork('poison')));
  const config = {
    presenceAnnounceMax: 100,
    presenceHoldSeconds: 5,
    pbxTokenTtlSeconds: ttlMs.pbx / 1_000,
    pbxReportTimeoutMs: 1_000,
  };
  const apps = [await startApp(config, { store }), await startApp(config, { store })];
  const stop = new AbortController();
  const history: Entry[] = [];
  const crowd = await startCrowd({
    urls: apps.map(({ url }) => url),
    random,
    record: (entry) => history.push(entry),
    stopped: stop.signal,
    hasTrueClock: () => true,
    settleMs,
  });
  let isCalm = false;
  try {
    await crowd.bench.pause(actMs);
    isCalm = await crowd.quiet();
  } finally {
    stop.abort();
    await crowd.ended();
    for (const { app } of apps) await app.close();
    await store.close();
  }
  return { ...checkHistory(history), history, isCalm };
}
