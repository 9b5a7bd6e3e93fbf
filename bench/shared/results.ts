/** Result files of benchmarks: what they have in common, and how they are written and read. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

/** Where, when and with what a result was measured. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  /** Load average of the minute before the run: work of other processes. */
  readonly loadBefore?: number;
}

/** Median and range of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const folder = join(import.meta.dirname, '../results');
const loadBefore = Math.round((loadavg()[0] ?? 0) * 10) / 10;

/** Returns the description of this machine; the load is that of the start of the process. */
export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore,
  };
}

/** Writes `bench/results/<name>.json`. */
export function writeResult<T extends { readonly machine: Machine }>(name: string, result: T): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** Returns whether there is a result file. */
export const hasResult = (name: string): boolean => existsSync(join(folder, `${name}.json`));

/** Returns the content of a result file. Throws if it is missing. The caller states the type that its script writes. */
export function readResult<T>(name: string): T {
  if (!hasResult(name)) throw new Error(`bench/results/${name}.json is missing: run its benchmark`);
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T;
}

/** Returns the median, the upper one of an even count; NaN if there is none. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Returns the value below which a share of the numbers is; NaN if there is none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Rounds to a number of decimals. */
export function rounded(number: number, decimals = 1): number {
  const factor = 10 ** decimals;
  return Math.round(number * factor) / factor;
}

/** Returns the spread of finite samples, rounded: on a busy machine a round may pass without a reply. */
export function spreadOf(samples: readonly number[], decimals = 1): Spread {
  const finite = samples.filter(Number.isFinite);
  return {
    median: rounded(median(finite), decimals),
    min: rounded(Math.min(...finite), decimals),
    max: rounded(Math.max(...finite), decimals),
  };
}
