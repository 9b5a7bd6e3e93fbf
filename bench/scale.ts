/**
 * What leases cost by their number, by their tenants and groups, and by the nodes that sweep them: memory of a lease by kind of key, CPU
 * time of renewals, grants, expiries and of sweeps when nothing is due, starts, and how late expiries are when all leases end at once;
 * in the embedded store and in one Redis. Writes bench/results/scale.json.
 *
 * `npm run bench:scale [-- --max 1000000 --rounds 5 --stores memory,file,redis --parts leases,tenants,groups,nodes]`
 *
 * Each round is a process. Beyond a million leases there is one round, and Redis alone.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { measureEmbedded } from './scale/embedded.ts';
import type { ScaleMeasured, ScaleSamples, Shape } from './scale/leases.ts';
import { measureRedis, measureSweepers, type SweepersMeasured } from './scale/redis.ts';
import {
  hasResult,
  type Machine,
  machine,
  readResult,
  rounded,
  type Spread,
  spreadOf,
  writeResult,
} from './shared/results.ts';

const { values, positionals } = parseArgs({
  options: {
    max: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    stores: { type: 'string', default: 'memory,file,redis' },
    parts: { type: 'string', default: 'leases,tenants,groups,nodes' },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const max = Number(values.max);
const maxEmbedded = 1_000_000;
const timeoutMs = 7_200_000;

export const scaleStores = ['memory', 'file', 'redis'] as const;
export type ScaleStore = (typeof scaleStores)[number];

export interface ScaleRow extends Shape {
  readonly store: ScaleStore;
  /** What was not measured is absent. */
  readonly costs: Readonly<Partial<Record<keyof ScaleSamples, Spread>>>;
  /** Bytes a lease by kind of key; Redis only. */
  readonly byKind?: Readonly<Record<string, number>>;
  /** How long the measurement took, all rounds, s. */
  readonly tookSeconds: number;
  readonly rounds: number;
}

export interface SweepersRow {
  readonly nodes: number;
  readonly leases: number;
  readonly costs: Readonly<Record<keyof SweepersMeasured, Spread>>;
}

export interface ScaleResult {
  readonly machine: Machine;
  readonly rows: readonly ScaleRow[];
  readonly tenants: readonly ScaleRow[];
  readonly groups: readonly ScaleRow[];
  readonly nodes: readonly SweepersRow[];
}

function inProcess<T>(args: readonly string[]): T {
  const flags = ['--expose-gc', '--max-old-space-size=6144'];
  const printed = execFileSync(process.execPath, [...flags, import.meta.filename, ...args], {
    ...{ encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  return JSON.parse(printed) as T;
}

function measure(store: ScaleStore, shape: Shape): ScaleRow {
  const { leases, tenants, perGroup } = shape;
  const startedMs = performance.now();
  const count = leases > maxEmbedded ? 1 : rounds;
  const all = Array.from({ length: count }, () =>
    inProcess<ScaleMeasured>([store, String(leases), String(tenants), String(perGroup)]),
  );
  const names = Object.keys(all[0]?.samples ?? {}) as (keyof ScaleSamples)[];
  const costs: Partial<Record<keyof ScaleSamples, Spread>> = {};
  for (const name of names) {
    const samples = all.flatMap((one) => one.samples[name]);
    if (samples.length > 0) costs[name] = spreadOf(samples, 2);
  }
  const kinds = Object.entries(all[0]?.byKind ?? {}).map(([kind, bytes]) => [kind, rounded(bytes)]);
  const row: ScaleRow = {
    ...{ store, ...shape, rounds: count, costs },
    ...(kinds.length === 0 ? {} : { byKind: Object.fromEntries(kinds) }),
    tookSeconds: Math.round((performance.now() - startedMs) / 1_000),
  };
  console.error(JSON.stringify(row));
  return row;
}

function sweepers(nodes: number, leases: number): SweepersRow {
  const all = Array.from({ length: rounds }, () =>
    inProcess<SweepersMeasured>(['sweepers', String(leases), '64', '5', String(nodes)]),
  );
  const spread = (name: keyof SweepersMeasured): Spread => spreadOf(all.map((one) => one[name]));
  const costs = {
    idleMsPerSecond: spread('idleMsPerSecond'),
    ...{ latenessP50Ms: spread('latenessP50Ms'), latenessP99Ms: spread('latenessP99Ms') },
  };
  console.error(JSON.stringify({ nodes, leases, costs }));
  return { nodes, leases, costs };
}

const usual = { tenants: 64, perGroup: 5 };
/** Leases of the comparisons by tenants, groups and nodes. */
const leases = Math.min(max, 100_000);

const stores = scaleStores.filter((store) => values.stores.split(',').includes(store));
const inMemory = stores.filter((store) => store !== 'file');

/** The parts of the result, which can be measured alone. */
const parts = {
  leases: (): Pick<ScaleResult, 'rows'> => ({
    rows: [10_000, 100_000, 1_000_000, 10_000_000]
      .filter((number) => number <= max)
      .flatMap((number) =>
        stores
          .filter((store) => store === 'redis' || number <= maxEmbedded)
          .map((store) => measure(store, { ...usual, leases: number })),
      ),
  }),
  tenants: (): Pick<ScaleResult, 'tenants'> => ({
    tenants: [1, 100, 10_000].flatMap((tenants) =>
      inMemory.map((store) => measure(store, { ...usual, leases, tenants })),
    ),
  }),
  groups: (): Pick<ScaleResult, 'groups'> => ({
    groups: [1, 5, 100, 100_000].flatMap((perGroup) =>
      inMemory.map((store) => measure(store, { leases, tenants: 1, perGroup })),
    ),
  }),
  nodes: (): Pick<ScaleResult, 'nodes'> => ({ nodes: [1, 2, 4, 8].map((nodes) => sweepers(nodes, leases)) }),
};

/** Writes the result after each part; parts that are not measured stay as they were. */
function measureAll(): void {
  let result: ScaleResult = hasResult('scale')
    ? readResult<ScaleResult>('scale')
    : { machine: machine(), rows: [], tenants: [], groups: [], nodes: [] };
  for (const [name, part] of Object.entries(parts)) {
    if (!values.parts.split(',').includes(name)) continue;
    result = { ...result, machine: machine(), ...part() };
    writeResult('scale', result);
  }
}

const [what, ...numbers] = positionals;
if (what === undefined) {
  measureAll();
} else {
  const [count = 0, tenants = 1, perGroup = 5, nodes = 1] = numbers.map(Number);
  const shape: Shape = { leases: count, tenants, perGroup };
  const measured =
    what === 'sweepers'
      ? await measureSweepers(nodes, shape)
      : what === 'redis'
        ? await measureRedis(shape)
        : await measureEmbedded(what === 'file' ? 'file' : 'memory', shape);
  console.log(JSON.stringify(measured));
}
process.exit(0);
