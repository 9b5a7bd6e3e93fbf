import { describe, expect, it } from 'vitest';
import {
  type Assumptions,
  type Costs,
  deploymentFor,
  firstLimit,
  intervalSeconds,
  redisMicrosOf,
  steps,
  utilisation,
} from '../../bench/capacity/model.ts';

const assumptions: Assumptions = {
  ttlSeconds: 202,
  churnPerMinute: 0,
  use: 0.5,
  sweepUse: 0.1,
  masterBytes: 1e9,
  networkBitsPerSecond: 1e9,
  partitions: 64,
};
const costs: Costs = {
  serverMicros: 50,
  redisMicros: [
    { nodes: 1, micros: 5 },
    { nodes: 2, micros: 10 },
  ],
  bytesPerLease: 100,
  grantMicros: 30,
  expiryMicros: 10,
  sweepMsPerSecond: 2,
  clientBytes: 500,
  redisBytes: 125,
};
const model = { costs, assumptions };

describe('the capacity model', () => {
  it('lets a holder send a heartbeat every half of the timeout, less a second', () => {
    expect(intervalSeconds({ ttlSeconds: 300 })).toBe(149);
  });

  it('takes the Redis CPU of the largest measured number of nodes that is not above theirs', () => {
    expect([1, 2, 3, 100].map((nodes) => redisMicrosOf(costs, nodes))).toEqual([5, 10, 10, 10]);
  });

  it('relates each cost to its limit', () => {
    // 1 000 000 holders with an interval of 100 s: 10 000 heartbeats a second.
    const used = utilisation(1e6, { nodes: 2, masters: 2 }, model);
    expect(used['server CPU']).toBeCloseTo(0.5 / 2 / 0.5);
    expect(used['server network']).toBeCloseTo((10_000 * 625 * 8) / 1e9 / 2 / 0.5);
    expect(used['Redis CPU']).toBeCloseTo((0.1 + 0.004) / 2 / 0.5);
    expect(used['Redis memory']).toBeCloseTo(1e8 / 2 / 1e9 / 0.5);
    expect(used['Redis network']).toBeCloseTo((10_000 * 125 * 8) / 1e9 / 2 / 0.5);
    expect(used.sweeps).toBeCloseTo(0.004 / 2 / 0.1);
  });

  it('charges Redis for holders that are replaced', () => {
    const churning = { costs, assumptions: { ...assumptions, churnPerMinute: 0.06 } };
    const one = { nodes: 1, masters: 1 };
    const more = utilisation(1e6, one, churning)['Redis CPU'] - utilisation(1e6, one, model)['Redis CPU'];
    expect(more).toBeCloseTo((1_000 * 40) / 1e6 / 0.5);
  });

  it('names the resource that is used up first, and at how many holders', () => {
    expect(firstLimit({ nodes: 1, masters: 1 }, model)).toEqual({
      resource: 'server CPU',
      holders: expect.closeTo(1e6, 3),
    });
    const small = { costs, assumptions: { ...assumptions, masterBytes: 1e7 } };
    expect(firstLimit({ nodes: 1, masters: 1 }, small)).toEqual({
      resource: 'Redis memory',
      holders: expect.closeTo(50_000, 3),
    });
  });

  it('names a resource that is used up without any holder', () => {
    const sweeping = { costs: { ...costs, sweepMsPerSecond: 200 }, assumptions };
    expect(firstLimit({ nodes: 1, masters: 1 }, sweeping)).toEqual({ resource: 'sweeps', holders: 0 });
  });

  it('finds a deployment in which no resource is beyond its limit, and no smaller one', () => {
    for (const holders of [1, 1e6, 3e6, 4e7]) {
      const deployment = deploymentFor(holders, model);
      if (deployment === undefined) throw new Error('no deployment');
      const { nodes, masters } = deployment;
      const most = (nodes: number, masters: number): number =>
        Math.max(...Object.values(utilisation(holders, { nodes, masters }, model)));
      expect(most(nodes, masters)).toBeLessThanOrEqual(1);
      if (nodes > 1) expect(most(nodes - 1, masters)).toBeGreaterThan(1);
      if (masters > 1) expect(most(nodes, masters - 1)).toBeGreaterThan(1);
    }
  });

  it('has no deployment with more masters than partitions', () => {
    expect(deploymentFor(1e6, { costs, assumptions: { ...assumptions, masterBytes: 1e5 } })).toBeUndefined();
  });

  it('begins each step with the deployment of the step before', () => {
    const [first, second, third] = steps([1e5, 4e6, 4.1e6], model);
    expect(first?.limit).toBeUndefined();
    expect(second?.limit?.resource).toBe('server CPU');
    expect(second?.limit?.holders).toBeCloseTo(1e6, 3);
    expect(third?.limit?.holders).toBeGreaterThanOrEqual(4e6);
    expect(second?.allExpiredSeconds).toBeCloseTo(40 / (second?.deployment?.masters ?? 0));
  });
});
