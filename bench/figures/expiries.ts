/** How late expiries are. */
import type { ExpiriesResult } from '../expiries.ts';
import type { MassExpiryResult } from '../mass-expiry.ts';
import { grouped, machineLine, roundsText, spreadText, table } from './tables.ts';

/** Returns the section on expiries. */
export function expiriesSection(spread: ExpiriesResult, mass: MassExpiryResult): string {
  return [
    '## Expiries',
    '',
    `\`npm run bench:mass-expiry\`; ${machineLine(mass.machine)}; ${roundsText(mass.rounds)}. ${grouped(mass.leases)} leases end in the same millisecond, or evenly`,
    `spread over some seconds, while ${grouped(mass.rate)} Presence heartbeats a second continue: the lateness of the expiries, and the p99 of heartbeats before and`,
    'meanwhile. What every lease that ends costs a store limits how many can end in a second.',
    '',
    table(
      [
        'store',
        'within, s',
        'lateness p50, ms',
        'lateness p99, ms',
        'quiet p99, ms',
        'p99 meanwhile, ms',
        'ratio',
        'slowest, ms',
      ],
      mass.rows.map((row) => [
        ...[
          row.store,
          String(row.withinSeconds),
          spreadText(row.latenessP50Ms),
          spreadText(row.latenessP99Ms),
        ],
        ...[spreadText(row.quietP99Ms), spreadText(row.duringP99Ms)],
        ...[spreadText(row.ratio), spreadText(row.worstMs)],
      ]),
    ),
    '',
    `\`npm run bench:expiries\`; ${machineLine(spread.machine)}; ${roundsText(spread.rounds)}, interleaved. ${grouped(spread.leases)} leases that fall due within one`,
    `second, in ${spread.groups} groups of ${spread.tenants} tenants, in a store without other work:`,
    '',
    table(
      ['store', 'early', 'twice', 'lateness p50, ms', 'lateness p99, ms', 'last, ms'],
      spread.rows.map(({ store, early, twice, p50Ms, p99Ms, maxMs }) => [
        ...[store, String(early), String(twice)],
        ...[spreadText(p50Ms), spreadText(p99Ms), spreadText(maxMs)],
      ]),
    ),
  ].join('\n');
}
