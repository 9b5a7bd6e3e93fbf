/**
 * Addresses that failed to log in: after five failures in a row an address is locked for ten minutes, also with the correct
 * password; a success before that resets the count (S-Series API, Login). A choice: it resets the count of its own user only, since
 * otherwise a user could guess the passwords of others between logins of their own. On the lease clock, and shared by all nodes.
 */
import { Type } from '@sinclair/typebox';
import { ipv6Groups } from '../../../settings/networks.ts';
import { documentKind } from '../../kit/documents.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { makeSerialQueue, type SerialQueue } from '../../kit/serial-queue.ts';
import type { PbxStore } from '../tenant.ts';

/** The users of the failures in a row of an address. */
const failedUsers = documentKind('failedLogins', Type.Array(Type.String()));
const maxFailures = 5;
const lockedMs = 10 * 60_000;

export interface LoginFailures {
  /** Runs the logins of an address one after the other, so that concurrent ones do not get around the limit. */
  readonly inTurn: SerialQueue;
  isLocked(address: string): Promise<boolean>;
  /** Counts a failure to log in as a user. */
  count(address: string, user: string): Promise<void>;
  /** Forgets the failures of an address, or only those of one user. */
  reset(address: string, user?: string): Promise<void>;
  /** Returns every address that failed in the last ten minutes. */
  list(): Promise<{ address: string; failures: number; locked: boolean }[]>;
}

export function makeLoginFailures(store: PbxStore): LoginFailures {
  const queue = makeSerialQueue();
  return {
    inTurn: (address, attempt) => queue(keyOf(address), attempt),
    async isLocked(address) {
      const failed = await failedUsers.read(store, store.tenant, keyOf(address));
      return (failed?.value.length ?? 0) >= maxFailures;
    },
    async count(address, user) {
      const key = keyOf(address);
      await retryOnConflict(async () => {
        const { value, version } = (await failedUsers.read(store, store.tenant, key)) ?? {
          value: [],
          version: 0,
        };
        // Ten minutes from the fifth failure: later attempts do not extend them.
        if (value.length >= maxFailures) return true;
        const writes = [failedUsers.write(key, [...value, user], { version, ttlMs: lockedMs })];
        const { committed } = await store.commit({ tenant: store.tenant, writes });
        return committed ? true : undefined;
      });
    },
    async reset(address, user) {
      const key = keyOf(address);
      await retryOnConflict(async () => {
        const failed = await failedUsers.read(store, store.tenant, key);
        if (failed === undefined) return true;
        const left = user === undefined ? [] : failed.value.filter((name) => name !== user);
        if (left.length === failed.value.length) return true;
        const { version } = failed;
        const writes = [
          left.length === 0
            ? failedUsers.write(key, null, { version })
            : failedUsers.write(key, left, { version, ttlMs: lockedMs }),
        ];
        const { committed } = await store.commit({ tenant: store.tenant, writes });
        return committed ? true : undefined;
      });
    },
    async list() {
      const failed = await failedUsers.list(store, store.tenant);
      return failed.map(({ key, value }) => ({
        address: key,
        failures: value.length,
        locked: value.length >= maxFailures,
      }));
    },
  };
}

/** A client with one IPv6 address has 2^64 of them: they count as one. */
function keyOf(address: string): string {
  const groups = ipv6Groups(address);
  return groups === undefined ? address : `${groups.slice(0, 4).join(':')}::/64`;
}
