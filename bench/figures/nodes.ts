/** What heartbeats cost when several nodes share a store. */
import type { NodesResult } from '../nodes.ts';
import { machineLine, roundsText, spreadText, table } from './tables.ts';

/** Returns the section on nodes. */
export function nodesSection({ machine, rounds, rows }: NodesResult): string {
  return [
    '## Several nodes',
    '',
    `\`npm run bench:nodes\`; ${machineLine(machine)}; ${roundsText(rounds)}, interleaved. All nodes share one core, the load and Redis the other one, so that`,
    'more nodes bring no more throughput here: what is compared is the CPU time per heartbeat, summed over nodes and over masters, which is',
    'what is bought with more cores. Nodes that are not measured are paused. Redis has an append-only file.',
    '',
    table(
      ['heartbeat', 'nodes', 'Redis', 'heartbeats/s', 'p99, ms', 'nodes, µs', 'Redis, µs', 'busiest master'],
      rows.map((row) => [
        ...[row.case, String(row.nodes), row.masters === 1 ? 'one' : `Cluster of ${row.masters}`],
        ...[spreadText(row.costs.perSecond), spreadText(row.costs.p99Ms)],
        ...[spreadText(row.costs.serverMicros), spreadText(row.costs.redisMicros)],
        `${Math.round(row.costs.busiestShare.median * 100)} %`,
      ]),
    ),
    '',
    'Bytes per heartbeat, without the headers of TCP and IP, for 1 node and one Redis:',
    '',
    table(
      ['heartbeat', 'request', 'reply', 'to Redis', 'from Redis'],
      rows
        .filter((row) => row.nodes === 1)
        .map(({ case: name, costs }) => [
          ...[name, spreadText(costs.requestBytes), spreadText(costs.replyBytes)],
          ...[spreadText(costs.redisBytesIn), spreadText(costs.redisBytesOut)],
        ]),
    ),
    '',
    'A call to Redis has the heartbeats of one partition that came together. One Redis has all tenants in one. In a Redis Cluster a tenant is in one',
    'of 64, and so on one master: a call has hardly more than one heartbeat of 64 connections and 64 tenants, and costs more than a renewal. With',
    'more heartbeats a call, each needs less CPU time of Redis (`npx node bench/redis-cpu.ts`).',
  ].join('\n');
}
