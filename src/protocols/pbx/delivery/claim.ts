/**
 * Which node delivers: one at a time, for the whole PBX. A claim is a document; whoever holds it renews it every second,
 * and everything that a delivery writes is guarded by it, so that a node that lost it changes nothing any more.
 *
 * By the wall time of the store, not the lease clock: moving time on purpose must not make two nodes deliver at once.
 */
import type { DocumentWrite, Guard, Store } from '../../../store/store.ts';
import { tenant } from '../tokens/tokens.ts';

const collection = 'delivery';
const owner = 'owner';
const alive = 'alive';
/** Somebody else may take over when the claim was not renewed for so long, ms. */
const claimMs = 3_000;
export const renewEveryMs = 1_000;
/** No attempt starts when the last renewal is this old: others may be about to take over, ms. */
const trustMs = 2_000;

export interface Claim {
  readonly isHeld: boolean;
  /** True while an attempt may start. */
  readonly isFresh: boolean;
  /** True if this node delivers now. */
  take(): Promise<boolean>;
  /** False: it was lost. */
  renew(): Promise<boolean>;
  /** Commits under the claim. False: it was lost and nothing changed. */
  commit(writes: readonly DocumentWrite[]): Promise<boolean>;
  /** False: it was lost before. */
  release(): Promise<boolean>;
}

/** `monotonicMs` decides only how long this node trusts its own claim. */
export function makeClaim(store: Store, node: string, monotonicMs: () => number): Claim {
  let version = 0;
  let freshUntilMs = 0;
  const guard = (): Guard => ({ collection, key: owner, version });

  const commit = async (writes: readonly DocumentWrite[]): Promise<boolean> => {
    if (version === 0) return false;
    const { committed } = await store.commit({ tenant, guards: [guard()], writes });
    if (!committed) version = 0;
    return committed;
  };

  return {
    get isHeld() {
      return version !== 0;
    },
    get isFresh() {
      return version !== 0 && monotonicMs() < freshUntilMs;
    },
    commit,
    async take() {
      const beganMs = monotonicMs();
      const [[held, seen], { wallMs }] = await Promise.all([
        store.readDocuments({
          tenant,
          documents: [
            { collection, key: owner },
            { collection, key: alive },
          ],
        }),
        store.now({ tenant }),
      ]);
      const until = Number(seen?.value ?? 0);
      // A clock that was set back must not keep a dead node's claim alive.
      if (held != null && until > wallMs && until <= wallMs + claimMs) return false;
      const { committed, versions } = await store.commit({
        tenant,
        writes: [
          { collection, key: owner, version: held?.version ?? 0, value: node },
          { collection, key: alive, value: String(wallMs + claimMs) },
        ],
      });
      version = committed ? (versions[0] ?? 0) : 0;
      freshUntilMs = beganMs + trustMs;
      return committed;
    },
    async renew() {
      const beganMs = monotonicMs();
      const { wallMs } = await store.now({ tenant });
      const renewed = await commit([{ collection, key: alive, value: String(wallMs + claimMs) }]);
      if (renewed) freshUntilMs = beganMs + trustMs;
      return renewed;
    },
    async release() {
      if (version === 0) return false;
      const released = await commit([
        { collection, key: owner, value: null },
        { collection, key: alive, value: null },
      ]);
      version = 0;
      return released;
    },
  };
}
