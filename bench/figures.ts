/** Tables and plots of the docs, made from the result files of benchmarks. */
import type { PeersResult } from './peers.ts';
import type { ScaleResult } from './scale.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
}

const rowHeight = 24;
const labelWidth = 190;
const barWidth = 380;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Returns an SVG of horizontal bars, longest value full width. Readable on a light and on a dark page. */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const height = 40 + bars.length * rowHeight;
  const rows = bars.map(({ label, value }, at) => {
    const y = 34 + at * rowHeight;
    const width = Math.max(1, Math.round((value / longest) * barWidth));
    return [
      `  <text x="${labelWidth - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>`,
      `  <rect x="${labelWidth}" y="${y}" width="${width}" height="${rowHeight - 6}" fill="#3b82c4"/>`,
      `  <text x="${labelWidth + width + 6}" y="${y + 13}">${value.toLocaleString('en')} ${escaped(unit)}</text>`,
    ].join('\n');
  });
  const width = labelWidth + barWidth + 110;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#808080" role="img">
  <title>${escaped(title)}</title>
  <text x="8" y="18" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const machineLine = ({ date, cpu, memoryGb, node }: PeersResult['machine']): string =>
  `${date}, ${cpu}, ${memoryGb} GB, Node ${node}`;

const bareName = 'node:http';

/** Returns the section on heartbeats beside other servers. */
export function peersSection({ machine, rounds, rows, memory }: PeersResult): string {
  const servers = [...new Set(rows.map(({ server }) => server))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const find = (name: string, server: string) =>
    rows.find((row) => row.case === name && row.server === server);
  const lines = cases.map((name) => {
    const bare = find(name, bareName)?.cpuMicros.median ?? Number.NaN;
    const cells = servers.map((server) => {
      const row = find(name, server);
      if (row === undefined) return '';
      const { median, min, max } = row.cpuMicros;
      const store = row.storeMicros === undefined ? '' : `, Redis ${row.storeMicros}`;
      return `**${(median / bare).toFixed(2)}** ${median} (${min} to ${max})${store}`;
    });
    return [name, ...cells];
  });
  return [
    '## Heartbeats beside other servers',
    '',
    `\`npm run bench:peers\`; ${machineLine(machine)}; ${rounds} rounds, all servers interleaved, each warmed for each case, 64 connections.`,
    'CPU time of the server process per request: **of bare `node:http`**, then the median in µs, and its range. Redis, which has an',
    'append-only file, shares the core of the load; alone on a core it needs less (`node bench/redis-cpu.ts`).',
    '',
    table(['heartbeat', ...servers], lines),
    '',
    '![CPU time of a Presence heartbeat by server](benchmarks/peers.svg)',
    '',
    'Resident memory, MB: after the start, and after all of the above with its clients registered.',
    '',
    table(
      ['', ...memory.map(({ server }) => server)],
      [
        ['idle', ...memory.map(({ idleMb }) => String(idleMb))],
        ['busy', ...memory.map(({ busyMb }) => String(busyMb))],
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

/** Returns the section on the number of leases. */
export function scaleSection({ machine, leasesPerGroup, rows }: ScaleResult): string {
  return [
    '## What leases cost by their number',
    '',
    `\`npm run bench:scale\`; ${machineLine(machine)}; the embedded store without the HTTP server, one lease a holder of 39 characters,`,
    `groups of ${leasesPerGroup}. All but the start are CPU times. "Expiry" is that of one when all end in the same millisecond, "all expired" that`,
    'of all together, which is their lateness on an idle machine, and "longest sweep" that for which requests wait meanwhile.',
    '',
    table(
      [
        ...['store', 'leases', 'bytes a lease', 'renewal', 'sweep with nothing due', 'start', 'expiry'],
        ...['all expired', 'longest sweep'],
      ],
      rows.map((row) => [
        row.store,
        row.leases.toLocaleString('en'),
        String(row.bytesPerLease),
        `${row.renewalMicros} µs`,
        `${row.idleSweepMicros} µs`,
        row.startMs === undefined ? '' : `${row.startMs.toLocaleString('en')} ms`,
        `${row.expiryMicros} µs`,
        `${row.allExpiredMs.toLocaleString('en')} ms`,
        `${row.longestSweepMs} ms`,
      ]),
    ),
    '',
    '![Memory of a lease by the number of leases](benchmarks/scale.svg)',
  ].join('\n');
}

/** Returns the plot of memory by the number of leases. */
export function scalePlot({ rows }: ScaleResult): string {
  return barChart(
    'Memory of a lease',
    'bytes',
    rows.map(({ store, leases, bytesPerLease }) => ({
      label: `${leases.toLocaleString('en')}, ${store}`,
      value: bytesPerLease,
    })),
  );
}

const start = '<!-- made from bench/results by npm run docs -->';
const end = '<!-- end -->';

/** Returns a page with its generated part replaced. */
export function withFigures(page: string, sections: readonly string[]): string {
  const [before = '', rest = ''] = page.split(start, 2);
  const after = rest.split(end, 2)[1] ?? '';
  return `${before}${start}\n\n${sections.join('\n\n')}\n\n${end}${after}`;
}
