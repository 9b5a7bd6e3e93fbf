/** The leases that `bench:scale` measures, and how they are granted and renewed. */
import type { Command } from '../../src/store/commands.ts';
import type { Driver } from '../../src/store/driver.ts';

/** How leases are spread. */
export interface Shape {
  readonly leases: number;
  readonly tenants: number;
  readonly perGroup: number;
}

/** Samples of one process, by what was measured. */
export interface ScaleSamples {
  readonly bytesPerLease: readonly number[];
  readonly renewalMicros: readonly number[];
  /** Of one partition. */
  readonly idleSweepMicros: readonly number[];
  /** From the start of a node's store until it can be used; not in memory. */
  readonly startMs: readonly number[];
  /** Redis only: from its start until it has read its snapshot. */
  readonly storeStartMs: readonly number[];
  readonly fillMicros: readonly number[];
  readonly expiryMicros: readonly number[];
  /** Time until all that ended at once were recorded: their lateness on an idle machine. */
  readonly allExpiredMs: readonly number[];
  /** How long requests waited for the longest sweep on an idle machine. */
  readonly longestSweepMs: readonly number[];
}

/** What one process measured. `byKind`: bytes a lease by kind of key, Redis only. */
export interface ScaleMeasured {
  readonly samples: ScaleSamples;
  readonly byKind?: Readonly<Record<string, number>>;
}

export const leaseMs = 300_000;
export const renewals = 50_000;
export const idleSweeps = 2_000;
export const stepsPerProcess = 5;
/** Leases of other numbers than those that are measured: code is compiled with them. */
export const warmUpFrom = 100_000_000;
const callsAtOnce = 8;

/** Returns a heartbeat with names as clients choose them: a part of the target of a request, with a UUID. */
export function beat(number: number, { tenants, perGroup }: Shape): Command {
  const hex = number.toString(16).padStart(12, '0');
  const room = Math.floor(number / tenants / perGroup);
  const target = Buffer.from(
    `/v2/presence/sub-key/demo/channel/room-${room}/heartbeat?uuid=pn-5d8a4c1e-93b7-4f02-8d1e-${hex}&heartbeat=300`,
  ).toString('latin1');
  const holder = target.slice(target.indexOf('uuid=') + 5, target.indexOf('&'));
  const group = target.split('/')[6] ?? '';
  return {
    name: 'beat',
    input: {
      tenant: `presence/demo-${number % tenants}`,
      ...{ holder, groups: [{ group }], ttlMs: leaseMs, grant: true, returning: 'state' },
    },
  };
}

/** Sends the heartbeats of `count` numbers, in batches of `batch` commands of one partition. Rejects if one fails. */
export async function run(
  driver: Driver,
  shape: Shape,
  {
    count,
    batch,
    numberOf,
  }: { readonly count: number; readonly batch: number; readonly numberOf: (at: number) => number },
): Promise<void> {
  const waiting = new Map<number, Command[]>();
  let calls: Promise<void>[] = [];
  const send = async (partition: number, commands: readonly Command[]): Promise<void> => {
    for (const outcome of await driver.execute(partition, commands))
      if ('error' in outcome) throw outcome.error;
  };
  for (let at = 0; at < count; at += 1) {
    const command = beat(numberOf(at), shape);
    const partition = driver.partitionOf(command.input.tenant);
    const commands = waiting.get(partition) ?? [];
    commands.push(command);
    waiting.set(partition, commands);
    if (commands.length < batch) continue;
    waiting.delete(partition);
    calls.push(send(partition, commands));
    if (calls.length < callsAtOnce) continue;
    await Promise.all(calls);
    calls = [];
  }
  for (const [partition, commands] of waiting) calls.push(send(partition, commands));
  await Promise.all(calls);
}

/** Returns the number of the lease that is renewed: all in an order without locality, as the step is odd and no divisor of their number. */
export function renewedNumber(leases: number): (at: number) => number {
  return (at) => (at * 7_919) % leases;
}
