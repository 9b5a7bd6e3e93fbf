/** Heartbeats beside other servers. */
import type { PeersResult } from '../peers.ts';
import { barChart } from './charts.ts';
import { grouped, machineLine, roundsText, spreadText, table } from './tables.ts';

const bareName = 'node:http';

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
export function peersSection({ machine, rounds, connections = 64, rows, memory }: PeersResult): string {
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
    'append-only file, shares the core of the load; alone on a core it needs less (`node bench/redis-cpu.ts`). A request is the heartbeat',
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

/** Returns the plot of the first case: CPU time by server. */
export function peersPlot({ rows }: PeersResult): string {
  const first = rows[0]?.case ?? '';
  const bars = rows
    .filter((row) => row.case === first)
    .map(({ server, cpuMicros }) => ({ label: server, value: cpuMicros.median }));
  return barChart(`CPU time of a heartbeat: ${first}`, 'µs', bars);
}
