/** The page on capacity: the model and what follows from the measured costs. */
import {
  type Assumptions,
  type Costs,
  deploymentFor,
  firstLimit,
  intervalSeconds,
  type Resource,
  resources,
  type Step,
  steps,
} from '../capacity/model.ts';
import type { NodesResult } from '../nodes.ts';
import type { PeersResult } from '../peers.ts';
import type { ScaleResult } from '../scale.ts';
import { rounded } from '../shared/results.ts';
import { grouped, machineLine, table } from './tables.ts';

export interface CapacityInputs {
  readonly nodes: NodesResult;
  readonly scale: ScaleResult;
  readonly peers: PeersResult;
}

export const assumptions: Assumptions = {
  ttlSeconds: 300,
  churnPerMinute: 0.01,
  use: 0.7,
  sweepUse: 0.1,
  masterBytes: 16 * 2 ** 30,
  networkBitsPerSecond: 1e9,
  partitions: 64,
};

const holderNumbers = [1e4, 1e5, 1e6, 1e7, 1e8];

const remedies: Readonly<Record<Resource, string>> = {
  'server CPU': 'more nodes behind the load balancer',
  'server network': 'more nodes, or a faster interface',
  'Redis CPU': 'masters of a Redis Cluster, or a longer timeout',
  'Redis memory': 'masters of a Redis Cluster, or more memory',
  'Redis network': 'masters of a Redis Cluster, or a longer timeout',
  sweeps: 'masters of a Redis Cluster, over which the partitions are spread',
};

type NodesRow = NodesResult['rows'][number];

function rowOf({ rows }: NodesResult, name: string, nodes: number): NodesRow {
  const row = rows.find((one) => one.case === name && one.nodes === nodes && one.masters === 1);
  if (row === undefined) throw new Error(`bench/results/nodes.json has no row ${name} with ${nodes} nodes`);
  return row;
}

/** Returns the measured costs of Presence heartbeats: of many tenants, or of one. */
export function costsOf({ nodes, scale }: CapacityInputs, name: string): Costs {
  const { costs } = rowOf(nodes, name, 1);
  const redis = scale.rows.filter(({ store }) => store === 'redis');
  const largest = redis.reduce((found, row) => (row.leases > found.leases ? row : found)).costs;
  const sweepers = scale.nodes.at(-1);
  const median = (cost: { readonly median: number } | undefined): number => cost?.median ?? Number.NaN;
  return {
    serverMicros: costs.serverMicros.median,
    redisMicros: nodes.rows
      .filter((row) => row.case === name && row.masters === 1)
      .map((row) => ({ nodes: row.nodes, micros: row.costs.redisMicros.median })),
    bytesPerLease: median(largest.bytesPerLease),
    grantMicros: median(largest.fillMicros),
    expiryMicros: median(largest.expiryMicros),
    sweepMsPerSecond: median(sweepers?.costs.idleMsPerSecond) / (sweepers?.nodes ?? Number.NaN),
    clientBytes: costs.requestBytes.median + costs.replyBytes.median,
    redisBytes: costs.redisBytesIn.median + costs.redisBytesOut.median,
  };
}

function costsTable(costs: Costs): string {
  const redis = costs.redisMicros.map(
    ({ nodes, micros }) => `${micros} (${nodes} node${nodes === 1 ? '' : 's'})`,
  );
  return table(
    ['', 'cost', 'measured'],
    [
      ['S', 'CPU time of a node per heartbeat, µs', String(costs.serverMicros)],
      ['R(n)', 'CPU time of Redis per heartbeat, by the nodes that share it, µs', redis.join(', ')],
      ['B', 'bytes a lease in Redis', grouped(costs.bytesPerLease)],
      ['G', 'CPU time of Redis per lease that begins, µs', String(costs.grantMicros)],
      ['E', 'CPU time of Redis per lease that expires, µs', String(costs.expiryMicros)],
      [
        'W',
        'CPU time of Redis for the sweeps of one node, nothing due, ms/s',
        String(rounded(costs.sweepMsPerSecond, 2)),
      ],
      ['C', 'bytes between client and node per heartbeat', grouped(costs.clientBytes)],
      ['D', 'bytes between node and Redis per heartbeat', grouped(costs.redisBytes)],
    ],
  );
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function limitText({ limit }: Step): string {
  return limit === undefined
    ? 'none'
    : `${limit.resource}, at ${grouped(Number(limit.holders.toPrecision(2)))}`;
}

function stepRow(step: Step): string[] {
  const { holders, heartbeatsPerSecond, limit, deployment, used, allExpiredSeconds } = step;
  return [
    ...[grouped(holders), grouped(Math.round(heartbeatsPerSecond)), limitText(step)],
    limit === undefined ? '' : remedies[limit.resource],
    ...[deployment === undefined ? 'none' : String(deployment.nodes)],
    ...[deployment === undefined ? 'none' : String(deployment.masters)],
    ...resources.map((resource) => (used === undefined ? '' : percent(used[resource]))),
    allExpiredSeconds === undefined ? '' : `${grouped(Number(allExpiredSeconds.toPrecision(2)))} s`,
  ];
}

const secondsOf = [300, 600, 1_200, 2_400];

function timeoutRows(costs: Costs): string[][] {
  const holders = holderNumbers.at(-1) ?? 0;
  return secondsOf.map((ttlSeconds) => {
    const model = { costs, assumptions: { ...assumptions, ttlSeconds } };
    const deployment = deploymentFor(holders, model);
    const rate = holders / intervalSeconds({ ttlSeconds });
    const rest = deployment === undefined ? 'none' : firstLimit(deployment, model).resource;
    return [
      `${ttlSeconds} s`,
      ...[grouped(Math.round(rate)), String(deployment?.nodes ?? 'none')],
      ...[String(deployment?.masters ?? 'none'), rest],
    ];
  });
}

function rateRows({ nodes }: CapacityInputs): string[][] {
  const rate = (micros: number): string => grouped(Number(((assumptions.use * 1e6) / micros).toPrecision(2)));
  return [...new Set(nodes.rows.map((row) => row.case))].map((name) => {
    const { costs } = rowOf(nodes, name, 1);
    const many = rowOf(nodes, name, 4);
    return [
      name,
      ...[rate(costs.serverMicros.median), rate(costs.redisMicros.median)],
      rate(many.costs.redisMicros.median),
    ];
  });
}

function embeddedRows({ peers, scale }: CapacityInputs): string[][] {
  return (['memory', 'file'] as const).flatMap((store) => {
    const row = peers.rows.find((one) => one.case === 'presence' && one.server === `heartbeatd, ${store}`);
    const leases = scale.rows.filter((one) => one.store === store).at(-1);
    const bytes = leases?.costs.bytesPerLease?.median;
    if (row === undefined || bytes === undefined) return [];
    const rate = (assumptions.use * 1e6) / row.cpuMicros.median;
    const holders = rate * intervalSeconds(assumptions);
    return [
      [
        ...[store, String(row.cpuMicros.median), grouped(bytes), grouped(Number(rate.toPrecision(2)))],
        ...[grouped(Number(holders.toPrecision(2))), `${rounded((holders * bytes) / 1e9, 1)} GB`],
      ],
    ];
  });
}

/** Returns the page on capacity. */
export function capacityPage(inputs: CapacityInputs): string {
  const { nodes, scale, peers } = inputs;
  const costs = costsOf(inputs, `presence, ${nodes.tenants} tenants`);
  const model = { costs, assumptions };
  const all = steps(holderNumbers, model);
  const ofOneTenant = firstLimit(
    { nodes: 4, masters: 1 },
    { costs: { ...costsOf(inputs, 'presence, 1 tenant'), serverMicros: 0, clientBytes: 0 }, assumptions },
  );
  const { use, sweepUse, churnPerMinute, masterBytes, ttlSeconds, partitions } = assumptions;
  return `# Capacity

How many nodes and how much of Redis a number of holders needs. The costs are measured ([benchmarks](benchmarks.md)), the rest is computed;
\`npm run docs\` makes this page from the result files. Beyond the numbers that the benchmarks reach, it is a model: it says which resource is
used up first and what helps, not what a deployment of that size was seen to do.

## Model

Measured: nodes on ${machineLine(nodes.machine)}; leases on ${machineLine(scale.machine)}; the embedded store on
${machineLine(peers.machine)}. Presence heartbeats of ${nodes.tenants} tenants; leases at the largest measured number.

${costsTable(costs)}

Assumed: a timeout of T = ${ttlSeconds} s, of which SDKs of Presence send a heartbeat every I = T / 2 − 1 = ${intervalSeconds(assumptions)} s; c = ${percent(churnPerMinute)} of the holders
are replaced each minute; a node has one core, a master one core and ${masterBytes / 2 ** 30} GiB, each has an interface of ${assumptions.networkBitsPerSecond / 1e9} Gbit/s; all are used to
u = ${percent(use)}, and sweeps with nothing due take ${percent(sweepUse)} of the core of a master at most. With H holders, n nodes and m masters,
r = H / I heartbeats a second come, and each of these must be at most 1:

| resource | share of its limit |
| --- | --- |
| server CPU | r S / (n u) |
| server network | 8 r (C + D) / (n u · interface) |
| Redis CPU | (r R(n) + c H / 60 · (G + E) + n W) / (m u) |
| Redis memory | H B / (m u · memory of a master) |
| Redis network | 8 r D / (m u · interface) |
| sweeps | n W / (m · ${percent(sweepUse)}) |

A Redis Cluster has ${partitions} partitions, so at most ${partitions} masters. R(n) beyond the largest measured number of nodes is that number's. When all holders end at
once, the last expiry is recorded after H E / m.

## First limit by the number of holders

Each step begins with what the step before needed, the first with one node and one Redis: what is used up first on the way, at how many
holders, what is done about it, and what is needed then. Add one node, and a replica for each master, so that one may fail.

${table(['holders', 'heartbeats/s', 'first limit', 'remedy', 'nodes', 'masters', ...resources, 'all expired after'], all.map(stepRow))}

## Longer timeouts

${grouped(holderNumbers.at(-1) ?? 0)} holders. A longer timeout saves heartbeats and, with them, CPU time and network; expiries come later by as much.

${table(['timeout', 'heartbeats/s', 'nodes', 'masters', 'next limit'], timeoutRows(costs))}

## One tenant

A tenant is in one partition, and so on one master, however many there are. With heartbeats of one tenant, which share calls to Redis, one
master serves ${grouped(Number(ofOneTenant.holders.toPrecision(2)))} holders of it; its first limit is ${ofOneTenant.resource}. Larger tenants need a longer timeout, or are split.

## Heartbeats a second

What ${percent(use)} of a core serves, by kind of heartbeat:

${table(['heartbeat', 'a node', 'one Redis, 1 node', 'one Redis, 4 nodes'], rateRows(inputs))}

## Without Redis

One node with the embedded store, Presence with a timeout of ${ttlSeconds} s: the holders that ${percent(use)} of its core serves, and the memory of their leases.

${table(['store', 'CPU per heartbeat, µs', 'bytes a lease', 'heartbeats/s', 'holders', 'memory'], embeddedRows(inputs))}
`;
}
