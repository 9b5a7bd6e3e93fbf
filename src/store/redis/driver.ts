/**
 * The Redis driver: one Redis, Sentinel or Redis Cluster. Every step is one script on one partition, whose keys share a
 * hash tag, so that the same code runs on all of them.
 */
import { silentLog } from '../../settings/log.ts';
import {
  type ClockChange,
  type ClockMoved,
  type Driver,
  defaultEventRetention,
  type EventRetention,
} from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { lastDateMs } from '../limits.ts';
import { checkAdvance } from '../runtime/lease-clock.ts';
import { makeBatchRunner, retentionArguments } from './batches.ts';
import { type Caller, makeCaller } from './caller.ts';
import { replyRuns } from './codecs/events.ts';
import { openConnections } from './connections/connect.ts';
import type { StoreLog } from './connections/connection.ts';
import { checkHealth } from './health.ts';
import { type Partitions, partitionsOf } from './partitions.ts';
import type { Reply, ScriptArgument } from './scripts.ts';
import { parseRedisUrl, RedisUrlError } from './target.ts';
import { readOwnClocks, readTenants } from './tenants.ts';

export interface RedisOptions {
  readonly url: string;
  /** Longest wait for a reply, ms. */
  readonly timeoutMs: number;
  /** Must be the same on all nodes, and must never change; absent: as the kind of the topology has them (`partitionsOf`). */
  readonly partitions?: number;
  readonly events?: EventRetention;
  readonly log?: StoreLog;
  /** Maximum of the bytes of a tenant, and maximum number of tenants (`TenantFull`); absent or 0: none. */
  readonly maxTenantBytes?: number | undefined;
  readonly maxTenants?: number | undefined;
}

/**
 * A call costs Redis as much as thirty renewals, for most of it is the way through the kernel: a batch of 128 costs four fifths of two
 * batches of 64.
 */
const earlyFlushSize = 128;

/**
 * Opens the driver. Redis may be away: commands then fail fast until it is there. Throws RedisUrlError for a URL that cannot
 * be parsed, or names a database that this Redis does not have.
 */
export async function openRedisDriver(options: RedisOptions): Promise<Driver> {
  const target = parseRedisUrl(options.url);
  const { timeoutMs, events = defaultEventRetention } = options;
  const { partitions, partitionOf, shareOf }: Partitions = partitionsOf(target.kind, options.partitions);
  const bounds = {
    maxTenantBytes: options.maxTenantBytes ?? 0,
    maxTenants: shareOf(options.maxTenants ?? 0),
  };
  let appendListener: (tenant: Tenant, topic: string) => void = () => {};
  let gapListener: () => void = () => {};
  const { topology, opened, close } = openConnections(target, {
    timeoutMs,
    partitions,
    bounds,
    log: options.log ?? silentLog,
    onAppend: (tenant, topic) => appendListener(tenant, topic),
    onGap: () => gapListener(),
  });
  const call = makeCaller({
    topology,
    partitions,
    description: target.description,
    timeoutMs,
    bounds,
  });

  try {
    await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
  } catch (error) {
    close();
    throw new RedisUrlError((error as Error).message);
  }
  // A later failure shows in the replies.
  opened.catch(() => {});

  const clock = clockSteps(call);
  return {
    description: target.description,
    partitions,
    earlyFlushSize,
    sweepSize: 500,
    partitionOf,
    execute: makeBatchRunner(call, events),
    async sweep(partition, owner, budget) {
      const args = [...retentionArguments(events), owner, budget];
      const reply = (await call({ name: 'sweep', partition, args, raw: true })) as readonly Reply[];
      const nextInMs = Number(reply[1]);
      return {
        ...{ expired: replyRuns(reply, 2), more: reply[0] === 1, heldBack: reply[0] === 2 },
        nextInMs: nextInMs < 0 ? null : nextInMs,
      };
    },
    ...clock,
    tenants: (partition) => readTenants(call, partition),
    ownClocks: (partition) => readOwnClocks(call, partition),
    onAppend(listener) {
      appendListener = listener;
    },
    onGap(listener) {
      gapListener = listener;
    },
    ping: () => checkHealth({ topology, partitions, probe: (partition) => readRefusal(call, partition) }),
    async close() {
      close();
    },
  };
}

/** Arguments of the script `clock` that change nothing. */
const readOnly: readonly ScriptArgument[] = [0, '', '', 0, '', '0', '', '0', '0'];

/** Returns why Redis refuses writes that need memory; '' if it does not. */
async function readRefusal(call: Caller, partition: number): Promise<string> {
  const reply = (await call({ name: 'clock', partition, args: readOnly })) as readonly Reply[];
  return String(reply[6] ?? '').replace(/^-/, '');
}

const flag = (value = false): '0' | '1' => (value ? '1' : '0');

/** The steps that the script `clock` makes. */
function clockSteps(call: Caller): Pick<Driver, 'readClock' | 'setClock' | 'claimSweep' | 'watchAppends'> {
  const change = async (
    partition: number,
    { tenant, advanceMs = 0, toNext, frozen, follow }: ClockChange,
  ): Promise<ClockMoved> => {
    checkAdvance(advanceMs);
    const freeze = frozen === undefined ? '' : flag(frozen);
    const ofTenant = [flag(tenant !== undefined), tenant ?? '', flag(toNext), flag(follow)];
    const args = [Math.floor(advanceMs), freeze, '', 0, '', ...ofTenant];
    const reply = await call({ name: 'clock', partition, args });
    if (reply === null) checkAdvance(advanceMs, lastDateMs);
    const [leaseMs, wallMs, isFrozen, dateMs, offsetMs, advancedMs] = (reply as readonly Reply[]).map(Number);
    return {
      ...{ leaseMs: leaseMs ?? 0, wallMs: wallMs ?? 0, dateMs: dateMs ?? 0, frozen: isFrozen === 1 },
      ...{ offsetMs: offsetMs ?? 0, advancedMs: advancedMs ?? 0 },
    };
  };
  const request = async (
    partition: number,
    args: readonly ScriptArgument[],
    tenant?: Tenant,
  ): Promise<void> => {
    const ofTenant = [flag(tenant !== undefined), tenant ?? '', '0', '0'];
    await call({ name: 'clock', partition, args: [0, '', ...args, ...ofTenant] });
  };
  return {
    readClock: async (partition, tenant) => change(partition, { tenant }),
    setClock: change,
    claimSweep: (partition, owner, forMs, tenant) => request(partition, [owner, forMs, ''], tenant),
    watchAppends: (partition, forMs) => request(partition, ['', 0, forMs]),
  };
}
