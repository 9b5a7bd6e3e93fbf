/** Measures how long a world takes to serve again: every node has to answer one call of every protocol that writes. */
import { type Bench, isUnavailable, parse } from './clients/bench.ts';
import { createSls, slsGroup } from './clients/sls.ts';

export interface Prober {
  /** Resolves with the time at which all nodes answered; null: not within the bound. */
  recovered(): Promise<number | null>;
}

/** The longest wait for a recovery, ms. */
export const recoveryBoundMs = 30_000;
const timeoutMs = 1_000;
const minRounds = 60;

/** Makes a prober with names of its own: it disturbs no other client. */
export function makeProber(bench: Bench): Prober {
  const probes: ((node: number) => Promise<boolean>)[] = [
    async (node) => {
      const path = '/v2/presence/sub-key/probe/channel/probe/heartbeat?uuid=probe&heartbeat=20';
      return (await bench.send({ method: 'GET', path, node, timeoutMs })).status === 200;
    },
    async (node) => {
      const headers = { host: 'chaos.cn-hangzhou.log.aliyuncs.com' };
      const path = `${slsGroup}-probe?type=heartbeat&consumer=probe`;
      return (await bench.send({ method: 'POST', path, headers, body: [], node, timeoutMs })).status === 200;
    },
    async (node) => {
      // A token that never was: the answer comes from the store, and says that it is none.
      const path = '/api/v2.0.0/heartbeat?token=00000000000000000000000000000000';
      const reply = await bench.send({ method: 'POST', path, body: {}, node, timeoutMs });
      return !isUnavailable(reply) && parse<{ errno?: string }>(reply.text)?.errno === '20004';
    },
  ];
  const isServed = async (): Promise<boolean> => {
    const nodes = Array.from({ length: bench.nodes }, (_, node) => node);
    const answers = await Promise.all(nodes.flatMap((node) => probes.map((probe) => probe(node))));
    return answers.every(Boolean);
  };
  return {
    async recovered() {
      // Rounds of probes instead of time alone: on a machine that is busy otherwise each takes longer.
      const endMs = bench.now() + recoveryBoundMs;
      for (let round = 0; (bench.now() < endMs || round < minRounds) && !bench.stopped.aborted; round += 1) {
        if (await isServed()) return bench.now();
        await bench.pause(50);
      }
      return null;
    },
  };
}

/** Creates the consumer group of the probes. */
export async function setUpProbes(bench: Bench): Promise<void> {
  const body = { consumerGroup: 'cg-probe', timeout: 60, order: false };
  await createSls(bench, slsGroup.replace(/\/[^/]+$/, ''), body);
}
