/** What every driver must keep, item by item: one suite, called by a few lines per driver. `store/` has a file per subject. */
import { describe } from 'vitest';
import type { Backend, BackendTraits } from './backend.ts';
import { storeBeatReplies } from './store/beat-replies.ts';
import { storeBeats } from './store/beats.ts';
import { storeBounds } from './store/bounds.ts';
import { storeDocuments } from './store/documents.ts';
import { storeFixture } from './store/fixture.ts';
import { storeLifetimes } from './store/lifetimes.ts';
import { storeReads } from './store/reads.ts';
import { storeReleases } from './store/releases.ts';
import { storeRestarts } from './store/restarts.ts';
import { storeSweeps } from './store/sweeps.ts';
import { storeTopicReads } from './store/topic-reads.ts';
import { storeTopics } from './store/topics.ts';
import { storeWaits } from './store/waits.ts';

/**
 * The suite freezes the lease clock and moves it by hand: every deadline is met to the millisecond. `aheadMs`: by how much the
 * clocks of its tenants are moved by themselves first.
 */
export function storeContract(
  traits: BackendTraits,
  open: () => Promise<Backend>,
  { aheadMs = 0 }: { readonly aheadMs?: number } = {},
): void {
  const title = aheadMs > 0 ? 'with tenants whose clocks were moved' : 'with tenants that follow the clock';
  // With hooks inside a suite that has no others: they are for these tests alone.
  describe(title, () => {
    const fixture = storeFixture(open, aheadMs);
    storeLifetimes(fixture);
    storeBeats(fixture);
    storeBeatReplies(fixture);
    storeReleases(fixture);
    storeReads(fixture);
    storeSweeps(fixture, traits);
    storeDocuments(fixture);
    storeTopics(fixture);
    storeTopicReads(fixture);
    storeWaits(fixture, traits);
    storeBounds(fixture);
    storeRestarts(fixture, traits);
  });
}
