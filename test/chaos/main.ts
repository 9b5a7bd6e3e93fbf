/**
 * `npm run chaos`: real servers over real stores, with faults in between, simulated clients of all three protocols, and a checker of what they
 * saw. Ends with 1 if a guarantee was violated. Starts everything it breaks itself, and leaves nothing behind.
 */
import { writeFileSync } from 'node:fs';
import { type ChaosOptions, readOptions, usage } from './options.ts';
import { summarise, tableOf } from './report.ts';
import { runWorld } from './run.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function optionsOrUsage(): ChaosOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

const { minutes, seed, stores, faults, json } = optionsOrUsage();
print(`seed ${seed}, ${minutes} minutes, ${stores.join(', ')}`);
const stop = new AbortController();
// The second signal ends it at once; what it started ends with it.
const end = (): void => {
  if (stop.signal.aborted) process.exit(1);
  stop.abort();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);

const settled = await Promise.allSettled(
  stores.map((store) => runWorld({ store, seed, minutes, faults, print, stopped: stop.signal })),
);
const reports = settled.flatMap((run) => (run.status === 'fulfilled' ? [summarise(run.value)] : []));
for (const report of reports) print(`\n${tableOf(report)}`);
const failures = settled.flatMap((run) => (run.status === 'rejected' ? [run.reason as Error] : []));
for (const failure of failures) process.stderr.write(`${failure.stack ?? failure.message}\n`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, minutes, reports }, undefined, 2)}\n`);
const violations = reports.reduce((sum, report) => sum + report.violations.length, 0);
print(`seed ${seed}: ${violations} violations`);
process.exit(stop.signal.aborted || failures.length > 0 || violations > 0 ? 1 : 0);
