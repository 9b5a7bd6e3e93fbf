/**
 * Runs the benchmarks that the docs are made from, one after the other, and then makes the docs. On a machine without other work.
 *
 * `npm run bench [-- --only peers,nodes]`. The order and the duration of each are in README.md.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const scripts: readonly (readonly [name: string, ...args: string[]])[] = [
  ['peers'],
  ['peers', '--stores', 'redis', '--connections', '256'],
  ['nodes'],
  ['scale', '--max', '10000000'],
  ['mass-expiry'],
  ['expiries'],
  ['presence'],
  ['sls-logs'],
  ['pbx-reports'],
  ['soak'],
];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only?.split(',');
const unknown = only?.filter((name) => !scripts.some(([script]) => script === name)) ?? [];
if (unknown.length > 0) {
  console.error(
    `--only: ${unknown.join(', ')} is unknown; choose from ${scripts.map(([name]) => name).join(', ')}`,
  );
  process.exit(2);
}

function run(script: string, args: readonly string[]): void {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' });
  console.error(`${script}: ${status}, ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  if (status !== 0) process.exitCode = 1;
}

for (const [name, ...args] of scripts)
  if (only === undefined || only.includes(name)) run(join(import.meta.dirname, `${name}.ts`), args);
run(join(import.meta.dirname, '../scripts/generate-docs.ts'), []);
