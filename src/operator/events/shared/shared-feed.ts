/** The events of all nodes: each publishes its own while a reader listens on any node, and for a while after. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../../protocols/kit/documents.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import type { EventFeed, Events } from '../events.ts';
import { eventsTopic } from './event-topic.ts';
import { makeMirror } from './mirror.ts';
import { makePublisher } from './publisher.ts';

const watchKind = documentKind('watches', Type.Object({ untilMs: Type.Number() }));
const watchKey = 'events';
/** How long nodes publish after the last reader, ms of the wall time of the store: a stream that is cut resumes without a gap. */
const watchMs = 10 * 60_000;
/** Interval at which a node with readers looks whether the watch is to be renewed, and its copy complete, ms. */
const renewMs = 5_000;
const retryMs = 1_000;
const partName = 'events';

export interface SharedFeedOptions {
  readonly nodes: Nodes;
  readonly nodeId: string;
  /** The events of this node. */
  readonly events: Events;
}

export interface SharedFeed extends EventFeed {
  /** Ends what waits for events. */
  close(): void;
}

/** Makes the feed, and adds it to what the nodes share. */
export function makeSharedFeed({ nodes, nodeId, events }: SharedFeedOptions): SharedFeed {
  const { store, tenant } = nodes;
  const publisher = makePublisher({ store, tenant, nodeId, events });
  const mirror = makeMirror({ store, tenant });
  let readers = 0;
  let following: AbortController | undefined;

  nodes.add(partName, {
    async apply(announced) {
      const isWatched = (await watchLeftMs(nodes)) > 0;
      publisher.turn(isWatched ? 'on' : 'off');
      // Before the answer: who opens a feed reads all that has happened.
      if (isWatched) await publisher.flush();
      return announced.map(() => null);
    },
  });

  /** Sets or extends the watch; each node has published what it has when this resolves. */
  const watch = async (): Promise<void> => {
    const left = await watchLeftMs(nodes);
    const { wallMs } = await store.now({ tenant });
    const writes = left > watchMs / 2 ? [] : [watchKind.write(watchKey, { untilMs: wallMs + watchMs })];
    await nodes.change({ part: partName, announced: 'watch', writes });
  };
  const renew = async (): Promise<void> => {
    if ((await watchLeftMs(nodes)) <= watchMs / 2) await watch();
  };
  /** Copies what is published until the signal aborts. */
  const follow = async (signal: AbortSignal): Promise<void> => {
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
  };
  const leave = (): void => {
    readers -= 1;
    if (readers > 0) return;
    following?.abort();
    following = undefined;
  };

  return {
    async open() {
      await watch();
      await mirror.refresh();
      readers += 1;
      if (following === undefined) {
        following = new AbortController();
        void follow(following.signal);
      }
      let isOpen = true;
      return {
        events: mirror,
        close() {
          if (isOpen) leave();
          isOpen = false;
        },
      };
    },
    close: () => following?.abort(),
  };
}

/** Returns how much longer events are published, ms; 0 or less: they are not. */
async function watchLeftMs({ store, tenant }: Nodes): Promise<number> {
  const [watch, { wallMs }] = await Promise.all([
    watchKind.read(store, tenant, watchKey),
    store.now({ tenant }),
  ]);
  return watch === undefined ? 0 : watch.value.untilMs - wallMs;
}
