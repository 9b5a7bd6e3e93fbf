/**
 * Tells tokens that timed out from those that never existed. The documents have a number for the former (S-Series API Developer's
 * Guide, appendix: 20006) and also say that such a token is erased, which is 20004. What a PBX replies is not known, so a setting
 * chooses. Timed-out tokens are remembered for a day; a token that was logged out, or gave way to newer ones, did not time out.
 */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../kit/documents.ts';
import type { PbxStore } from '../tenant.ts';

const timedOutTokens = documentKind('timedOutTokens', Type.Literal(true));
const rememberedMs = 24 * 3_600_000;
/** Maximum number of tokens of one commit. */
const maxWrites = 100;

export interface TimedOutTokens {
  /** Returns whether a token that is not live timed out within the last day. Rejects with StoreUnavailable. */
  has(token: string): Promise<boolean>;
  stop(): void;
}

/**
 * Writes down tokens as they time out, for all nodes. A token whose node dies at that moment is missed: its application gets the
 * same error as without the setting.
 */
export function trackTimedOutTokens(store: PbxStore): TimedOutTokens {
  let justExpired: string[] = [];
  /** The request that finds a token expired may be faster than the write. */
  const unwritten = new Set<string>();
  const isTimedOut = true;
  const write = async (): Promise<void> => {
    const keys = justExpired;
    justExpired = [];
    // In parts: one commit of many tokens would keep requests waiting.
    for (let from = 0; from < keys.length; from += maxWrites) {
      const part = keys.slice(from, from + maxWrites);
      const writes = part.map((key) => timedOutTokens.write(key, isTimedOut, { ttlMs: rememberedMs }));
      // The sweeper, which found them, reports an unavailable store.
      await store.commit({ tenant: store.tenant, writes }).catch(() => undefined);
      for (const key of part) unwritten.delete(key);
    }
  };
  const stop = store.observeRuns(({ tenant, type, holders }) => {
    if (type !== 'expired' || tenant !== store.tenant) return;
    // Tokens that expire together are written together.
    if (justExpired.length === 0) queueMicrotask(write);
    for (const holder of holders) {
      justExpired.push(holder);
      unwritten.add(holder);
    }
  });
  return {
    stop,
    async has(token) {
      return unwritten.has(token) || (await timedOutTokens.read(store, store.tenant, token)) !== undefined;
    },
  };
}
