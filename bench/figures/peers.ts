/** Heartbeats beside other servers. */
import type { PeersResult } from '../peers.ts';
import { barChart } from './charts.ts';
import { grouped, machineLine, roundsText, spreadText, table } from './tables.ts';

const bareName = 'node:http';
const defaultConnections = 64;

/** Returns the table of how often the CPU time of a heartbeat goes into that of the request of another server. */
function othersLines(rows: PeersResult['rows']): string[] {
  const others = ['etcd', 'r-nacos'].filter((name) => rows.some(({ server }) => server === name));
  const ours = [...new Set(rows.map(({ server }) => server))].filter((name) => name.startsWith('heartbeatd'));
  if (others.length === 0) return [];
  const cpu = (name: string, server: string): number =>
    rows.find((row) => row.case === name && row.server === server)?.cpuMicros.median ?? 0;
  const pairs = others.flatMap((other) => ours.map((own) => ({ other, own })));
  const cases = [...new Set(rows.map((row) => row.case))];
  return [
    'CPU time of a request of the other server, of that of the heartbeat; more than 1: heartbeatd needs less.',
    '',
    table(
      ['heartbeat', ...pairs.map(({ other, own }) => `${other} / ${own.replace('heartbeatd, ', '')}`)],
      cases.map((name) => [
        name,
        ...pairs.map(({ other, own }) => `${(cpu(name, other) / cpu(name, own)).toFixed(1)} ×`),
      ]),
    ),
    '',
  ];
}

/** Returns the section on heartbeats beside other servers. */
export function peersSection({
  machine,
  rounds,
  connections = defaultConnections,
  rows,
  memory,
}: PeersResult): string {
  const servers = [...new Set(rows.map(({ server }) => server))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const find = (name: string, server: string) =>
    rows.find((row) => row.case === name && row.server === server);
  const lines = cases.map((name) => {
    const bare = find(name, bareName)?.cpuMicros.median ?? Number.NaN;
    const cells = servers.map((server) => {
      const row = find(name, server);
      if (row === undefined) return '';
      const store = row.storeMicros === undefined ? '' : `, Redis ${row.storeMicros.median}`;
      return `**${(row.cpuMicros.median / bare).toFixed(2)}** ${spreadText(row.cpuMicros)}${store}`;
    });
    return [name, ...cells];
  });
  return [
    '## Heartbeats beside other servers',
    '',
    `\`npm run bench:peers\`; ${machineLine(machine)}; ${roundsText(rounds)}, all servers interleaved, each warmed for each case, ${connections} connections.`,
    'CPU time of the server process per request: **of bare `node:http`**, then the median in µs, and its range. Redis, which has an',
    'append-only file, shares the core of the load; alone on a core it needs less (`npx node bench/redis-cpu.ts`). A request is the heartbeat',
    'of the row; to etcd always a REST keep-alive of one lease, and to r-nacos always a REST beat of one of 1,000 instances.',
    '',
    table(['heartbeat', ...servers], lines),
    '',
    ...othersLines(rows),
    '![CPU time of a Presence heartbeat by server](benchmarks/peers.svg)',
    '',
    'Resident memory, MB: after the start, and after all of the above with its clients registered.',
    '',
    table(
      ['', ...memory.map(({ server }) => server)],
      [
        ['idle', ...memory.map(({ idleMb }) => grouped(idleMb))],
        ['busy', ...memory.map(({ busyMb }) => grouped(busyMb))],
      ],
    ),
  ].join('\n');
}

/** Returns the section on how the cost of a heartbeat over Redis depends on the number of connections; `runs`: one for each number. */
export function connectionsSection(runs: readonly PeersResult[]): string {
  const cases = [...new Set(runs.flatMap(({ rows }) => rows.map((row) => row.case)))];
  const cells = (name: string, { rows }: PeersResult): string[] => {
    const find = (server: string) => rows.find((row) => row.case === name && row.server === server);
    const ours = find('heartbeatd, redis');
    const bare = find(bareName)?.cpuMicros.median ?? Number.NaN;
    if (ours?.storeMicros === undefined) return ['', ''];
    return [(ours.cpuMicros.median / bare).toFixed(2), spreadText(ours.storeMicros)];
  };
  const numbers = runs.map(({ connections = defaultConnections }) => connections);
  return [
    '## Heartbeats over Redis by connections',
    '',
    'All heartbeats that reach a node in the same turn of its event loop are one call of Redis, and the call itself costs as much as many of them. So',
    'a heartbeat costs Redis the less, the more clients send at the same time. CPU time of the server of that of bare `node:http`, and',
    'of Redis in µs, which has an append-only file and shares a core with the load.',
    ...runs.map(
      ({ machine, rounds, connections = defaultConnections }) =>
        `With ${connections} connections: ${machineLine(machine)}; ${roundsText(rounds)}.`,
    ),
    '',
    table(
      [
        'heartbeat',
        ...numbers.flatMap((many) => [`server, ${many} connections`, `Redis, ${many} connections`]),
      ],
      cases.map((name) => [name, ...runs.flatMap((run) => cells(name, run))]),
    ),
  ].join('\n');
}

/** Returns the plot of the first case: CPU time by server. */
export function peersPlot({ rows }: PeersResult): string {
  const first = rows[0]?.case ?? '';
  const bars = rows
    .filter((row) => row.case === first)
    .map(({ server, cpuMicros }) => ({ label: server, value: cpuMicros.median }));
  return barChart(`CPU time of a heartbeat: ${first}`, 'µs', bars);
}
