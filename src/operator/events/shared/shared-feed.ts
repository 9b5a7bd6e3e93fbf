/** The events of all nodes: each publishes its own while a reader listens on any node, and for a while after. */
import { retryOnConflict } from '../../../protocols/kit/retry-on-conflict.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import type { EventFeed, Events } from '../events.ts';
import { completeAfter, type Recorder } from '../renewals.ts';
import { eventsTopic } from './event-topic.ts';
import { extendWatch, isToBeExtended, readWatch, type WatchNeeds } from './event-watch.ts';
import { type Mirror, makeMirror } from './mirror.ts';
import { makePublisher } from './publisher.ts';

/** Interval at which a node with readers looks whether the watch is to be renewed, and its copy complete, ms. */
const renewMs = 5_000;
const retryMs = 1_000;
const partName = 'events';

export interface SharedFeedOptions {
  readonly nodes: Nodes;
  readonly nodeId: string;
  /** The events of this node. */
  readonly events: Events;
  /** Records the renewals of this node. */
  readonly recorder: Recorder;
}

export interface SharedFeed extends EventFeed {
  /** Ends what waits for events. */
  close(): void;
}

/** Makes the feed, and adds it to what the nodes share. */
export function makeSharedFeed({ nodes, nodeId, events, recorder }: SharedFeedOptions): SharedFeed {
  const { store, tenant } = nodes;
  const publisher = makePublisher({ store, tenant, nodeId, events });
  const mirror = makeMirror({ store, tenant });
  let readers = 0;
  let renewalReaders = 0;
  let following: AbortController | undefined;
  const needs = (): WatchNeeds => ({ renewals: renewalReaders > 0 });

  nodes.add(partName, {
    async apply(announced) {
      const left = await readWatch(nodes);
      const isWatched = left.eventsMs > 0;
      recorder.turn(left.renewalsMs > 0 ? 'on' : 'off');
      publisher.turn(isWatched ? 'on' : 'off');
      // Before the answer: who opens a feed reads all that has happened.
      if (isWatched) await publisher.flush();
      return announced.map(() => null);
    },
  });

  /** Sets or extends the watch; each node has published what it has when this resolves. */
  const watch = async (): Promise<void> => {
    await retryOnConflict(async () => {
      const left = await readWatch(nodes);
      const writes = isToBeExtended(left, needs()) ? [extendWatch(left, needs())] : [];
      return nodes.change({ part: partName, announced: 'watch', writes });
    });
  };
  const renew = async (): Promise<void> => {
    if (isToBeExtended(await readWatch(nodes), needs())) await watch();
  };
  const leave = (): void => {
    readers -= 1;
    if (readers > 0) return;
    following?.abort();
    following = undefined;
  };

  return {
    async open({ withRenewals = false } = {}) {
      if (withRenewals) renewalReaders += 1;
      try {
        await watch();
        await mirror.refresh();
      } catch (error) {
        if (withRenewals) renewalReaders -= 1;
        throw error;
      }
      readers += 1;
      if (following === undefined) {
        following = new AbortController();
        void follow({ nodes, mirror, renew, signal: following.signal });
      }
      let isOpen = true;
      return {
        events: withRenewals ? completeAfter(mirror, mirror.newest) : mirror,
        close() {
          if (!isOpen) return;
          isOpen = false;
          if (withRenewals) renewalReaders -= 1;
          leave();
        },
      };
    },
    close: () => following?.abort(),
  };
}

interface FollowOptions {
  readonly nodes: Nodes;
  readonly mirror: Mirror;
  /** Extends the watch if that is due. */
  renew(): Promise<void>;
  readonly signal: AbortSignal;
}

/** Copies what is published, and keeps the watch, until the signal aborts. */
async function follow({ nodes: { store, tenant }, mirror, renew, signal }: FollowOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const topics = [{ topic: eventsTopic, after: BigInt(mirror.newest) }];
      if (await store.wait({ tenant, topics, timeoutMs: renewMs, signal })) await mirror.catchUp();
      else if (!signal.aborted) {
        await renew();
        await mirror.refresh();
      }
    } catch {
      // The store is away; readers stay.
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }
}
