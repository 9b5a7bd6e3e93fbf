/**
 * `npm run fuzz`: requests of every operation that the server documents, right and wrong, and bytes that are no requests, against servers of
 * its own. Ends with 1 if a server crashed, replied with a 5xx, in a wrong shape, or not in time.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type CampaignResult, runCampaign } from './campaign.ts';
import type { FuzzOperation } from './document.ts';

const usage = `Usage: npm run fuzz -- [options]

  --requests <n>  number of requests (default 50000)
  --seed <text>   decides the requests (default: a random number, which is printed)
`;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function readOptions(): { readonly requests: number; readonly seed: string } {
  try {
    const { values } = parseArgs({
      options: { requests: { type: 'string', default: '50000' }, seed: { type: 'string' } },
    });
    const requests = Number(values.requests);
    if (!Number.isInteger(requests) || requests < 1)
      throw new Error(`--requests: ${values.requests} is no number of requests`);
    return { requests, seed: values.seed ?? String(randomInt(1_000_000)) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

/** A quiet machine answers within two seconds; only what is far above that is a failure, ms. */
const quietMs = 2_000;
const boundMs = 20_000;

interface Part {
  readonly name: string;
  readonly share: number;
  readonly settings: readonly string[];
  readonly includes: (operation: FuzzOperation) => boolean;
}

/** The operator API changes what vendors' clients get, so it has a server of its own. */
const parts: readonly Part[] = [
  { name: 'vendors', share: 0.7, settings: [], includes: ({ protocol }) => protocol !== 'operator' },
  {
    name: 'vendors, with verification',
    share: 0.15,
    settings: [
      ...['--sls-auth', 'verify', '--sls-keys', 'id:secret', '--presence-keys', 'demo:demo:secret'],
      ...[
        '--presence-auth',
        'verify',
        '--pbx-flavour',
        'cloud',
        '--pbx-strict',
        'always',
        '--lenient-framing',
        'always',
      ],
    ],
    includes: ({ protocol }) => protocol !== 'operator',
  },
  { name: 'operator', share: 0.15, settings: [], includes: ({ protocol }) => protocol === 'operator' },
];
/** Share of the connections on which something else than a request is sent. */
const rawShare = 0.03;

function show(name: string, { requests, operations, statuses, failures, slowest }: CampaignResult): void {
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  print(`${name}: ${requests} requests of ${operations} operations; replies by status: ${counts.join(', ')}`);
  const isSlow = slowest.ms > quietMs ? `, more than ${quietMs} ms` : '';
  print(`${name}: slowest reply ${Math.round(slowest.ms)} ms${isSlow}: ${slowest.request.slice(0, 300)}`);
  for (const { what, count, reproduce } of failures)
    print(`${name}: FAILED ${count} times: ${what}\n    ${reproduce}`);
}

const { requests, seed } = readOptions();
print(`seed ${seed}, ${requests} requests`);
const startMs = performance.now();
const stop = new AbortController();
// The second signal ends it at once; what it started ends with it.
const end = (): void => {
  if (stop.signal.aborted) process.exit(1);
  stop.abort();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
const results = await Promise.all(
  parts.map(({ name, share, ...part }) =>
    runCampaign({
      ...part,
      seed: `${seed}/${name}`,
      requests: Math.ceil(requests * share),
      rawShare,
      boundMs,
      stopped: stop.signal,
    }),
  ),
);
for (const [at, { name }] of parts.entries()) if (results[at] !== undefined) show(name, results[at]);
const failed = results.reduce((sum, { failures }) => sum + failures.length, 0);
print(`seed ${seed}: ${failed} kinds of failures in ${Math.round((performance.now() - startMs) / 1_000)} s`);
process.exit(failed > 0 ? 1 : 0);
