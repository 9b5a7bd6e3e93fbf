/** The command line of the chaos run. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from './world/world.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: string;
  readonly stores: readonly StoreName[];
  /** Faults whose name contains it; empty: all. */
  readonly faults: string;
  /** File for the result as JSON; undefined: none. */
  readonly json: string | undefined;
}

export const usage = `Usage: npm run chaos -- [options]

  --minutes <n>     time under faults, for all stores at the same time (default 3)
  --seed <text>     decides the schedule of faults (default: a random number, which is printed)
  --stores <names>  ${storeNames.join(',')} (default: all), separated by commas
  --faults <text>   only faults whose name contains the text
  --json <file>     also write the result to a file, as JSON
`;

/** Reads the arguments. Throws an Error that names what is wrong. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string' },
      stores: { type: 'string', default: storeNames.join(',') },
      faults: { type: 'string', default: '' },
      json: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes: ${values.minutes} is not a positive number`);
  const stores = values.stores.split(',').map((name) => {
    const store = storeNames.find((known) => known === name);
    if (store === undefined)
      throw new Error(`--stores: unknown store "${name}"; choose from ${storeNames.join(', ')}`);
    return store;
  });
  return {
    minutes,
    seed: values.seed ?? String(randomInt(1_000_000)),
    stores,
    faults: values.faults,
    json: values.json,
  };
}
