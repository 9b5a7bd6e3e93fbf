/**
 * Addresses that failed to log in: after five failures in a row an address is locked out for ten minutes, also with the
 * right password; a success before that forgets them (S-Series API, Login). On the lease clock, and shared by all nodes.
 */
import { isIPv6 } from 'node:net';
import type { Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';

const collection = 'loginFailures';
const mostFailures = 5;
const lockedMs = 10 * 60_000;

export interface LoginFailures {
  /** Runs one login at a time per address, so that many at once are no way around the limit. */
  inTurn<T>(address: string, attempt: () => Promise<T>): Promise<T>;
  isLocked(address: string): Promise<boolean>;
  note(address: string): Promise<void>;
  forget(address: string): Promise<void>;
  /** Every address that failed lately, and how often. */
  list(): Promise<{ address: string; failures: number; locked: boolean }[]>;
}

export function makeLoginFailures(store: Store): LoginFailures {
  const turns = new Map<string, Promise<unknown>>();

  const read = async (key: string): Promise<{ failures: number; version: number }> => {
    const [document] = await store.readDocuments({ tenant, documents: [{ collection, key }] });
    return { failures: Number(document?.value ?? 0), version: document?.version ?? 0 };
  };

  return {
    async inTurn(address, attempt) {
      const key = keyOf(address);
      const before = turns.get(key);
      const turn = (async () => {
        await before?.catch(() => undefined);
        return attempt();
      })();
      turns.set(key, turn);
      try {
        return await turn;
      } finally {
        if (turns.get(key) === turn) turns.delete(key);
      }
    },
    async isLocked(address) {
      return (await read(keyOf(address))).failures >= mostFailures;
    },
    async note(address) {
      const key = keyOf(address);
      for (;;) {
        const { failures, version } = await read(key);
        // Ten minutes from the fifth failure: what is tried meanwhile does not prolong them.
        if (failures >= mostFailures) return;
        const { committed } = await store.commit({
          tenant,
          writes: [{ collection, key, version, value: String(failures + 1), ttlMs: lockedMs }],
        });
        if (committed) return;
      }
    },
    async forget(address) {
      const key = keyOf(address);
      if ((await read(key)).version === 0) return;
      await store.commit({ tenant, writes: [{ collection, key, value: null }] });
    },
    async list() {
      const documents = await store.listDocuments({ tenant, collection });
      return documents.map(({ key, value }) => ({
        address: key,
        failures: Number(value),
        locked: Number(value) >= mostFailures,
      }));
    },
  };
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
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
