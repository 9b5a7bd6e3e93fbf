/**
 * Addresses that failed to log in: after five failures in a row an address is locked for ten minutes, also with the correct
 * password; a success before that resets the count (S-Series API, Login). On the lease clock, and shared by all nodes.
 */
import { isIPv6 } from 'node:net';
import { Type } from '@sinclair/typebox';
import type { Store } from '../../../store/store.ts';
import { documentKind } from '../../kit/documents.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { makeSerialQueue, type SerialQueue } from '../../kit/serial-queue.ts';
import { tenant } from '../tenant.ts';

const failureCounts = documentKind('loginFailures', Type.Integer());
const maxFailures = 5;
const lockedMs = 10 * 60_000;

export interface LoginFailures {
  /** Runs the logins of an address one after the other, so that concurrent ones do not get around the limit. */
  readonly inTurn: SerialQueue;
  isLocked(address: string): Promise<boolean>;
  /** Counts a failure. */
  count(address: string): Promise<void>;
  reset(address: string): Promise<void>;
  /** Returns every address that failed in the last ten minutes. */
  list(): Promise<{ address: string; failures: number; locked: boolean }[]>;
}

export function makeLoginFailures(store: Store): LoginFailures {
  const queue = makeSerialQueue();
  return {
    inTurn: (address, attempt) => queue(keyOf(address), attempt),
    async isLocked(address) {
      const count = await failureCounts.read(store, tenant, keyOf(address));
      return (count?.value ?? 0) >= maxFailures;
    },
    async count(address) {
      const key = keyOf(address);
      await retryOnConflict(async () => {
        const { value, version } = (await failureCounts.read(store, tenant, key)) ?? { value: 0, version: 0 };
        // Ten minutes from the fifth failure: later attempts do not extend them.
        if (value >= maxFailures) return true;
        const writes = [failureCounts.write(key, value + 1, { version, ttlMs: lockedMs })];
        const { committed } = await store.commit({ tenant, writes });
        return committed ? true : undefined;
      });
    },
    async reset(address) {
      const key = keyOf(address);
      if ((await failureCounts.read(store, tenant, key)) === undefined) return;
      await store.commit({ tenant, writes: [failureCounts.write(key, null)] });
    },
    async list() {
      const counts = await failureCounts.list(store, tenant);
      return counts.map(({ key, value }) => ({
        address: key,
        failures: value,
        locked: value >= maxFailures,
      }));
    },
  };
}

/** A client with one IPv6 address has 2^64 of them: they count as one. */
function keyOf(address: string): string {
  if (!isIPv6(address)) return address;
  const canonical = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
