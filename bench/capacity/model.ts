/** How many nodes and Redis masters a number of holders needs, from what one heartbeat, lease, expiry and sweep was measured to cost. */

/** Measured costs. */
export interface Costs {
  /** CPU time of a node per heartbeat, µs. */
  readonly serverMicros: number;
  /** CPU time of Redis per heartbeat by the number of nodes that share it, µs; ascending. */
  readonly redisMicros: readonly { readonly nodes: number; readonly micros: number }[];
  readonly bytesPerLease: number;
  /** CPU time of Redis per lease that begins, and per one that ends, µs. */
  readonly grantMicros: number;
  readonly expiryMicros: number;
  /** CPU time of Redis for the sweeps of one node while nothing is due, ms a second. */
  readonly sweepMsPerSecond: number;
  /** Bytes between client and node, and between node and Redis, per heartbeat. */
  readonly clientBytes: number;
  readonly redisBytes: number;
}

/** What is assumed: the machines, how far they are used, and what clients do. */
export interface Assumptions {
  readonly ttlSeconds: number;
  /** Share of the holders that are replaced each minute. */
  readonly churnPerMinute: number;
  /** Share of a core, of a memory and of a network interface that is used at most. */
  readonly use: number;
  /** Share of the core of a master that sweeps with nothing due may take. */
  readonly sweepUse: number;
  readonly masterBytes: number;
  readonly networkBitsPerSecond: number;
  /** Partitions of the store: there can be no more masters. */
  readonly partitions: number;
}

export interface Deployment {
  readonly nodes: number;
  readonly masters: number;
}

export const resources = [
  'server CPU',
  'server network',
  'Redis CPU',
  'Redis memory',
  'Redis network',
  'sweeps',
] as const;
export type Resource = (typeof resources)[number];

/** Resources that more nodes bring; the others come with masters. */
const ofNodes: readonly Resource[] = ['server CPU', 'server network'];

/** Returns the seconds between two heartbeats of a holder: SDKs of Presence send one every half of the timeout, less a second. */
export function intervalSeconds({ ttlSeconds }: Pick<Assumptions, 'ttlSeconds'>): number {
  return ttlSeconds / 2 - 1;
}

/** Returns the CPU time of Redis per heartbeat: that of the largest measured number of nodes that is not above theirs. */
export function redisMicrosOf({ redisMicros }: Costs, nodes: number): number {
  return redisMicros.findLast((one) => one.nodes <= nodes)?.micros ?? redisMicros[0]?.micros ?? Number.NaN;
}

/** Returns the share of its limit that each resource is used to; 1: at the limit. */
export function utilisation(
  holders: number,
  { nodes, masters }: Deployment,
  { costs, assumptions }: { readonly costs: Costs; readonly assumptions: Assumptions },
): Readonly<Record<Resource, number>> {
  const { use, sweepUse, churnPerMinute, masterBytes, networkBitsPerSecond } = assumptions;
  const rate = holders / intervalSeconds(assumptions);
  const replaced = (holders * churnPerMinute) / 60;
  const sweeps = (nodes * costs.sweepMsPerSecond) / 1_000;
  const redisSeconds =
    (rate * redisMicrosOf(costs, nodes) + replaced * (costs.grantMicros + costs.expiryMicros)) / 1e6 + sweeps;
  const bits = (bytes: number): number => (rate * bytes * 8) / networkBitsPerSecond;
  return {
    'server CPU': (rate * costs.serverMicros) / 1e6 / nodes / use,
    'server network': bits(costs.clientBytes + costs.redisBytes) / nodes / use,
    'Redis CPU': redisSeconds / masters / use,
    'Redis memory': (holders * costs.bytesPerLease) / masters / masterBytes / use,
    'Redis network': bits(costs.redisBytes) / masters / use,
    sweeps: sweeps / masters / sweepUse,
  };
}

export interface Limit {
  readonly resource: Resource;
  /** Number of holders at which it is reached. */
  readonly holders: number;
}

type Model = Parameters<typeof utilisation>[2];

/** Returns what is used up first when holders are added to a deployment. */
export function firstLimit(deployment: Deployment, model: Model): Limit {
  const sample = 1e6;
  const none = utilisation(0, deployment, model);
  const some = utilisation(sample, deployment, model);
  const limits = resources.map((resource): Limit => {
    const each = (some[resource] - none[resource]) / sample;
    const left = 1 - none[resource];
    return { resource, holders: left <= 0 ? 0 : each === 0 ? Number.POSITIVE_INFINITY : left / each };
  });
  return limits.reduce((first, limit) => (limit.holders < first.holders ? limit : first));
}

/** Returns the smallest deployment that serves so many holders; undefined if there would be more masters than partitions. */
export function deploymentFor(holders: number, model: Model): Deployment | undefined {
  let deployment: Deployment = { nodes: 1, masters: 1 };
  for (;;) {
    const used = utilisation(holders, deployment, model);
    const most = (all: readonly Resource[]): number => Math.max(...all.map((resource) => used[resource]));
    const nodes = Math.max(deployment.nodes, Math.ceil(deployment.nodes * most(ofNodes)));
    const ofMasters = resources.filter((resource) => !ofNodes.includes(resource));
    const masters = Math.max(deployment.masters, Math.ceil(deployment.masters * most(ofMasters)));
    if (masters > model.assumptions.partitions || !Number.isFinite(nodes + masters)) return undefined;
    if (nodes === deployment.nodes && masters === deployment.masters) return deployment;
    deployment = { nodes, masters };
  }
}

export interface Step {
  readonly holders: number;
  readonly heartbeatsPerSecond: number;
  /** What the deployment of the step before runs out of first; absent if it serves this step as well. */
  readonly limit?: Limit;
  /** Absent: no deployment serves so many. */
  readonly deployment?: Deployment;
  /** Of that deployment. */
  readonly used?: Readonly<Record<Resource, number>>;
  /** Time until the last expiry is recorded when all holders end at once, s. */
  readonly allExpiredSeconds?: number;
}

/** Returns what each number of holders needs, from one node and one Redis on. */
export function steps(numbers: readonly number[], model: Model): readonly Step[] {
  let before: Deployment = { nodes: 1, masters: 1 };
  return numbers.map((holders) => {
    const limit = firstLimit(before, model);
    const deployment = deploymentFor(holders, model);
    const step = { holders, heartbeatsPerSecond: holders / intervalSeconds(model.assumptions) };
    const reached = limit.holders < holders ? { limit } : {};
    if (deployment === undefined) return { ...step, ...reached };
    before = deployment;
    return {
      ...{ ...step, ...reached, deployment, used: utilisation(holders, deployment, model) },
      allExpiredSeconds: (holders * model.costs.expiryMicros) / 1e6 / deployment.masters,
    };
  });
}
