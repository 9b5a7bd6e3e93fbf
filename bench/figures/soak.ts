/** A server under a steady load for long. */
import type { Flatness } from '../shared/flatness.ts';
import { median } from '../shared/results.ts';
import type { SoakMeasure, SoakResult, SoakRun, SoakSample } from '../soak.ts';
import { lineChart } from './charts.ts';
import { grouped, machineLine, table } from './tables.ts';

const measureNames: Readonly<Record<SoakMeasure, string>> = {
  p99Ms: 'p99, ms',
  residentMb: 'resident memory, MB',
  heapMb: 'heap after a collection, MB',
  redisMb: 'memory of Redis, MB',
};

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

/** Returns what is judged, in words. */
function verdict(judged: Flatness | undefined): string {
  if (judged === undefined) return 'too few samples';
  return judged.isFlat ? 'flat' : 'not flat';
}

function rowsOf({ store, samples, flatness }: SoakRun): string[][] {
  return (Object.keys(measureNames) as SoakMeasure[])
    .filter((name) => samples.some((sample) => sample[name] !== undefined))
    .map((name) => {
      const seen = samples.flatMap((sample) => sample[name] ?? []);
      const judged = flatness[name];
      return [
        ...[store, measureNames[name], grouped(median(seen))],
        `${grouped(Math.min(...seen))} to ${grouped(Math.max(...seen))}`,
        judged === undefined ? '' : judged.lastOfFirst.toFixed(2),
        judged === undefined ? '' : `${percent(judged.slopePerHour)} an hour`,
        verdict(judged),
      ];
    });
}

/** Returns the section on the soak. */
export function soakSection(result: SoakResult): string {
  const { machine, minutes, rate, leases, churn, ttlSeconds, everySeconds, runs, tolerances, goFirst } =
    result;
  const rates = runs.flatMap(({ samples }) => samples.map(({ perSecond }) => perSecond));
  return [
    '## Soak',
    '',
    `\`npm run bench:soak\`; ${machineLine(machine)}. ${grouped(minutes)} minutes for each store, ${result.sideBySide ? 'side by side' : 'one after the other'}: ${grouped(rate)} Presence heartbeats/s`,
    `paced (${grouped(Math.min(...rates))} to ${grouped(Math.max(...rates))} were sent), of ${grouped(leases)} holders with a timeout of ${ttlSeconds} s, of which ${percent(churn)} are replaced each minute. The server has the usual settings.${goFirst ? ' Servers and load had a higher priority than other work of the machine.' : ''} A sample`,
    `each ${everySeconds} s, the p99 of all replies since the one before; the heap is read in each third one. "Flat": without the first sixth, the median of the last third is at most`,
    `${percent(tolerances.memory)} above that of the first third, ${percent(tolerances.p99)} for the p99.`,
    '',
    table(
      ['store', 'measure', 'median', 'range', 'last third / first third', 'slope', 'result'],
      runs.flatMap(rowsOf),
    ),
    '',
    '![Resident memory over the soak](benchmarks/soak-memory.svg)',
    '',
    '![p99 over the soak](benchmarks/soak-p99.svg)',
  ].join('\n');
}

/** Returns the plots over the time of the soak, by the names of their files. */
export function soakPlots({ runs }: SoakResult): Readonly<Record<string, string>> {
  const chart = (title: string, unit: string, value: (sample: SoakSample) => number): string =>
    lineChart({
      ...{ title, unit, xLabel: 'minutes', xScale: 'linear' },
      lines: runs.map(({ store, samples }) => ({
        label: store,
        points: samples.map((sample) => ({ x: sample.minute, y: value(sample) })),
      })),
    });
  return {
    'soak-memory': chart('Resident memory of the server', 'MB', (sample) => sample.residentMb),
    'soak-p99': chart('p99 of heartbeats', 'ms', (sample) => sample.p99Ms),
  };
}
