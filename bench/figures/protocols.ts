/** What single protocols do beside heartbeats: joins, messages, logs, reports. */
import type { PbxReportsResult } from '../pbx-reports.ts';
import type { PresenceResult } from '../presence.ts';
import type { SlsLogsResult } from '../sls-logs.ts';
import { grouped, machineLine, roundsText, spreadText, table } from './tables.ts';

/** Returns the section on Presence. */
export function presenceSection(result: PresenceResult): string {
  const { machine, rounds, subscribers, stormSeconds, heartbeats, joins, fanOut } = result;
  return [
    '## Presence',
    '',
    `\`npm run bench:presence\`; ${machineLine(machine)}; ${roundsText(rounds)}, beside a route of the same app that does nothing ("idle route").`,
    '',
    table(
      ['heartbeats a second', 'store', 'of the idle route'],
      heartbeats.map(({ channels, store, ofIdle }) => [
        `on ${channels} channel${channels === 1 ? '' : 's'}`,
        store,
        spreadText(ofIdle),
      ]),
    ),
    '',
    table(
      [
        `joins into one channel, for ${stormSeconds} s`,
        'joins',
        'of the idle route',
        'p99, ms',
        'p99 of the idle route, ms',
      ],
      joins.map((row) => [
        ...[row.store, grouped(row.joins), spreadText(row.ofIdle)],
        ...[spreadText(row.p99Ms), spreadText(row.idleP99Ms)],
      ]),
    ),
    '',
    table(
      [
        `one message to ${grouped(subscribers)} waiting subscribers`,
        ...['p50, ms', 'p99, ms', 'last, of as many idle requests at once', 'bytes each'],
      ],
      fanOut.map((row) => [
        ...[row.store, spreadText(row.p50Ms), spreadText(row.p99Ms)],
        ...[spreadText(row.lastOfIdle), spreadText(row.bytesEach)],
      ]),
    ),
  ].join('\n');
}

/** Returns the section on SLS logs. */
export function slsLogsSection(result: SlsLogsResult): string {
  const { machine, rounds, logsPerGroup, groupBytes, groupsPerPull, shards, logs, rebalances } = result;
  return [
    '## SLS logs',
    '',
    `\`npm run bench:sls\`; ${machineLine(machine)}; ${roundsText(rounds)}. Log groups of ${logsPerGroup} logs and ${grouped(groupBytes)} bytes, ${groupsPerPull} of them a pull,`,
    'beside a route of the same app that takes and sends the same bytes and does nothing ("idle route"):',
    '',
    table(
      ['logs', 'store', 'MB/s', 'logs/s', 'of the idle route'],
      logs.map((row) => [
        ...[row.what, row.store, grouped(row.megabytesPerSecond)],
        ...[grouped(row.logsPerSecond), spreadText(row.ofIdle)],
      ]),
    ),
    '',
    `${shards} shards until they are spread evenly over 32 consumers, and then over 64; time, and heartbeats of each consumer:`,
    '',
    table(
      ['store', 'over 32, ms', 'heartbeats', 'over 64, ms', 'heartbeats'],
      rebalances.map((row) => [
        ...[row.store, spreadText(row.halfMs), spreadText(row.halfTurns)],
        ...[spreadText(row.allMs), spreadText(row.allTurns)],
      ]),
    ),
  ].join('\n');
}

/** Returns the section on PBX reports. */
export function pbxReportsSection({ machine, rounds, rows }: PbxReportsResult): string {
  return [
    '## PBX reports',
    '',
    `\`npm run bench:pbx\`; ${machineLine(machine)}; ${roundsText(rounds)}, interleaved, beside a bare loop that posts as many. "Hanging" applications accept`,
    'a connection and never reply.',
    '',
    table(
      ['applications', 'hanging', 'store', 'reports/s', 'of the bare loop'],
      rows.map((row) => [
        ...[grouped(row.applications), grouped(row.hanging), row.store],
        ...[spreadText(row.perSecond), spreadText(row.ofBare)],
      ]),
    ),
  ].join('\n');
}
