/**
 * Tokens that timed out, told from those that never were. The documents have a number for it (S-Series API Developer's Guide,
 * appendix: 20006) and say as well that such a token is erased, which is 20004; what a PBX answers is not known, so a setting
 * chooses. Ours: it is remembered for a day; a token that was logged out, or gave way to newer ones, did not time out.
 */
import type { Store } from '../../../store/store.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { maxTokenLength, tenant } from './tokens.ts';

const collection = 'expiredTokens';
const rememberedMs = 24 * 3_600_000;

export interface ExpiredTokens {
  /** `error`, which a request with this token came to, or 20006 in place of 20004. Rejects with StoreUnavailable. */
  explain(token: string, error: unknown): Promise<unknown>;
  /** Remembers no more. */
  stop(): void;
}

/**
 * Remembers tokens as they time out, in the store, for all nodes. One whose node died in that moment goes unremembered:
 * its application hears what it would hear without the setting.
 */
export function rememberExpired(store: Store): ExpiredTokens {
  let justExpired: string[] = [];
  /** The request that finds a token expired may be faster than what writes it down. */
  const unwritten = new Set<string>();
  const write = async (): Promise<void> => {
    const keys = justExpired;
    justExpired = [];
    const writes = keys.map((key) => ({ collection, key, value: '', ttlMs: rememberedMs }));
    // A store that is away says so elsewhere.
    await store.commit({ tenant, writes }).catch(() => undefined);
    for (const key of keys) unwritten.delete(key);
  };
  const stop = store.observe((event) => {
    if (event.type !== 'expired' || event.tenant !== tenant) return;
    // What expires together is written together.
    if (justExpired.length === 0) queueMicrotask(write);
    justExpired.push(event.holder);
    unwritten.add(event.holder);
  });
  return {
    stop,
    async explain(token, error) {
      if (
        !(error instanceof PbxError) ||
        error.errno !== errnos.unknownToken ||
        token.length > maxTokenLength
      )
        return error;
      if (unwritten.has(token)) return new PbxError(errnos.tokenTimedOut);
      const [document] = await store.readDocuments({ tenant, documents: [{ collection, key: token }] });
      return document == null ? error : new PbxError(errnos.tokenTimedOut);
    },
  };
}
