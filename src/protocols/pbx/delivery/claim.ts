/**
 * Which node delivers: one at a time, for the whole PBX. A claim is a document that its holder renews every second; every write of
 * a delivery is guarded by it, so that a node that lost the claim changes nothing.
 *
 * It runs on the wall time of the store and not on the lease clock: moving time on purpose must not make two nodes deliver.
 */
import { Type } from '@sinclair/typebox';
import type { Commit, DocumentWrite } from '../../../store/store.ts';
import { documentKind } from '../../kit/documents.ts';
import type { PbxStore } from '../tenant.ts';

const collection = 'delivery';
const owners = documentKind(collection, Type.String());
/** Until when the claim is valid, wall time of the store, ms. */
const deadlines = documentKind(collection, Type.Number());
const ownerKey = 'owner';
const deadlineKey = 'deadline';
/** Another node may take a claim that was not renewed for this long, ms. */
const claimMs = 3_000;
export const renewEveryMs = 1_000;
/** No attempt starts when the last renewal is older than this, ms: another node may be about to take over. */
const trustMs = 2_000;

export interface Claim {
  readonly isHeld: boolean;
  /** True while an attempt may start. */
  readonly isFresh: boolean;
  /** Returns true if this node delivers from now on. A claim that this node still holds is taken again at once. */
  take(): Promise<boolean>;
  /** Returns false if the claim was lost. */
  renew(): Promise<boolean>;
  /** Reads whether this node still holds the claim: a reset, or another node, may have taken it since. */
  confirm(): Promise<boolean>;
  /** Commits under the claim. Returns false if it was lost: then nothing changed. */
  commit(writes: readonly DocumentWrite[], appends?: Commit['appends']): Promise<boolean>;
  /** Returns false if the claim was lost before. */
  release(): Promise<boolean>;
}

/** Makes a claim of a node. `monotonicMs` decides only how long this node trusts its own claim. */
export function makeClaim(store: PbxStore, node: string, monotonicMs: () => number): Claim {
  let version = 0;
  let freshUntilMs = 0;

  const commit: Claim['commit'] = async (writes, appends = []) => {
    if (version === 0) return false;
    const guards = [{ collection, key: ownerKey, version }];
    const { committed } = await store.commit({
      tenant: store.tenant,
      guards,
      writes,
      appends,
      isExempt: true,
    });
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
      const startedMs = monotonicMs();
      const [owner, deadline, { wallMs }] = await Promise.all([
        owners.read(store, store.tenant, ownerKey),
        deadlines.read(store, store.tenant, deadlineKey),
        store.now({ tenant: store.tenant }),
      ]);
      const until = deadline?.value ?? 0;
      const isOwn = owner !== undefined && owner.version === version;
      // A clock that was set back must not keep the claim of a dead node valid.
      if (owner !== undefined && !isOwn && until > wallMs && until <= wallMs + claimMs) return false;
      const { committed, versions } = await store.commit({
        tenant: store.tenant,
        writes: [
          owners.write(ownerKey, node, { version: owner?.version ?? 0 }),
          deadlines.write(deadlineKey, wallMs + claimMs),
        ],
        isExempt: true,
      });
      version = committed ? (versions[0] ?? 0) : 0;
      freshUntilMs = startedMs + trustMs;
      return committed;
    },
    async confirm() {
      if (version === 0) return false;
      const owner = await owners.read(store, store.tenant, ownerKey);
      if (owner?.version !== version) version = 0;
      return version !== 0;
    },
    async renew() {
      const startedMs = monotonicMs();
      const { wallMs } = await store.now({ tenant: store.tenant });
      const isRenewed = await commit([deadlines.write(deadlineKey, wallMs + claimMs)]);
      if (isRenewed) freshUntilMs = startedMs + trustMs;
      return isRenewed;
    },
    async release() {
      if (version === 0) return false;
      const isReleased = await commit([owners.write(ownerKey, null), deadlines.write(deadlineKey, null)]);
      version = 0;
      return isReleased;
    },
  };
}
