/** What leases cost by their number. */
import type { ScaleResult, ScaleRow } from '../scale.ts';
import { type Line, lineChart } from './charts.ts';
import { grouped, machineLine, roundsText, spreadText, table } from './tables.ts';

/** What the kinds of keys hold, as `lua/shared/keys.lua` describes them. */
const kindNames: Readonly<Record<string, string>> = {
  l: 'record of the holder',
  z: 'members of the group',
  due: 'due set',
  g: 'groups of the tenant',
  r: 'revision of the group',
  'n:': 'counts',
  clock: 'clock',
};

const costHead = ['bytes a lease', 'renewal, µs', 'grant, µs', 'sweep with nothing due, µs', 'expiry, µs'];
const costCells = ({ costs }: ScaleRow): string[] => [
  spreadText(costs.bytesPerLease),
  spreadText(costs.renewalMicros),
  spreadText(costs.fillMicros),
  spreadText(costs.idleSweepMicros),
  spreadText(costs.expiryMicros),
];

/** Returns the lines on tenants, groups and nodes. */
function comparisons({ tenants, groups, nodes }: ScaleResult): string[] {
  return [
    `By the number of tenants, ${grouped(tenants[0]?.leases ?? 0)} leases in groups of five:`,
    '',
    table(
      ['store', 'tenants', ...costHead],
      tenants.map((row) => [row.store, grouped(row.tenants), ...costCells(row)]),
    ),
    '',
    `By the size of the groups, ${grouped(groups[0]?.leases ?? 0)} leases of one tenant:`,
    '',
    table(
      ['store', 'leases a group', ...costHead],
      groups.map((row) => [row.store, grouped(Math.min(row.perGroup, row.leases)), ...costCells(row)]),
    ),
    '',
    `By the number of nodes that sweep one Redis with ${grouped(nodes[0]?.leases ?? 0)} leases: CPU time of Redis while nothing is due, and the lateness of the`,
    'expiries when all leases end in the same millisecond. All nodes are in one process.',
    '',
    table(
      ['nodes', 'Redis with nothing due, ms a second', 'lateness p50, ms', 'lateness p99, ms'],
      nodes.map(({ nodes: count, costs }) => [
        ...[String(count), spreadText(costs.idleMsPerSecond)],
        ...[spreadText(costs.latenessP50Ms), spreadText(costs.latenessP99Ms)],
      ]),
    ),
  ];
}

/** Returns the section on the number of leases. */
export function scaleSection(result: ScaleResult): string {
  const { machine, rows } = result;
  const redis = rows.filter(({ store }) => store === 'redis');
  const kinds = [...new Set(redis.flatMap(({ byKind = {} }) => Object.keys(byKind)))];
  return [
    '## What leases cost by their number',
    '',
    `\`npm run bench:scale\`; ${machineLine(machine)}. The store without the HTTP server, one lease a holder of 39 characters, groups of five in 64`,
    'tenants; renewals in batches of 32 over Redis, which has no append-only file here. Micros are CPU times: of the process for the embedded',
    'store, of Redis for Redis. A sweep is that of one partition: the embedded store has one, Redis two. Medians, and their range.',
    '',
    table(
      ['store', 'leases', ...costHead],
      rows.map((row) => [row.store, grouped(row.leases), ...costCells(row)]),
    ),
    '',
    'All leases end in the same millisecond: the time until the last expiry is recorded, which is its lateness (CPU time in the embedded store,',
    'wall time of one node that sweeps one partition after the other over Redis), and the longest sweep, for which requests wait meanwhile.',
    '"Start" is that of a node with so many leases in its store, "start of Redis" the reading of its snapshot.',
    '',
    table(
      [
        'store',
        'leases',
        'all expired, ms',
        'longest sweep, ms',
        'start, ms',
        'start of Redis, ms',
        'measured in',
      ],
      rows.map(({ store, leases, costs, tookSeconds, rounds }) => [
        ...[store, grouped(leases), spreadText(costs.allExpiredMs), spreadText(costs.longestSweepMs)],
        ...[spreadText(costs.startMs), spreadText(costs.storeStartMs)],
        `${roundsText(rounds)}, ${grouped(tookSeconds)} s`,
      ]),
    ),
    '',
    'Bytes a lease in Redis by kind of key; the rest of the total is its table of keys.',
    '',
    table(
      ['leases', ...kinds.map((kind) => kindNames[kind] ?? kind), 'total'],
      redis.map(({ leases, byKind = {}, costs }) => [
        grouped(leases),
        ...kinds.map((kind) => grouped(byKind[kind] ?? 0)),
        grouped(costs.bytesPerLease?.median ?? 0),
      ]),
    ),
    '',
    '![Memory of a lease by the number of leases](benchmarks/scale.svg)',
    '',
    '![CPU time of a renewal by the number of leases](benchmarks/scale-renewals.svg)',
    '',
    '![CPU time of a sweep with nothing due by the number of leases](benchmarks/scale-sweeps.svg)',
    '',
    ...comparisons(result),
  ].join('\n');
}

type Cost = keyof ScaleRow['costs'];

function linesOf(rows: readonly ScaleRow[], cost: Cost): Line[] {
  return [...new Set(rows.map(({ store }) => store))].map((label) => ({
    label,
    points: rows
      .filter(({ store, costs }) => store === label && costs[cost] !== undefined)
      .map(({ leases, costs }) => ({ x: leases, y: costs[cost]?.median ?? 0 })),
  }));
}

/** Returns the plots of costs by the number of leases, by the names of their files. */
export function scalePlots({ rows }: ScaleResult): Readonly<Record<string, string>> {
  const chart = (title: string, unit: string, cost: Cost): string =>
    lineChart({ title, unit, xLabel: 'leases', xScale: 'log', lines: linesOf(rows, cost) });
  return {
    scale: chart('Memory of a lease', 'bytes', 'bytesPerLease'),
    'scale-renewals': chart('CPU time of a renewal', 'µs', 'renewalMicros'),
    'scale-sweeps': chart('CPU time of a sweep with nothing due', 'µs', 'idleSweepMicros'),
  };
}
