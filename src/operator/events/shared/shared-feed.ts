/** The events of all nodes: each publishes its own while a reader listens on any node, and for a while after. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../../protocols/kit/documents.ts';
import { retryOnConflict } from '../../../protocols/kit/retry-on-conflict.ts';
import type { DocumentWrite } from '../../../store/store.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import type { EventFeed, Events } from '../events.ts';
import { completeAfter, type Recorder } from '../renewals.ts';
import { eventsTopic } from './event-topic.ts';
import { makeMirror } from './mirror.ts';
import { makePublisher } from './publisher.ts';

const watchKind = documentKind(
  'watches',
  Type.Object({ untilMs: Type.Number(), renewalsUntilMs: Type.Optional(Type.Number()) }),
);
const watchKey = 'events';
/** How long nodes publish after the last reader, ms of the wall time of the store: a stream that is cut resumes without a gap. */
const watchMs = 10 * 60_000;
/** The same of renewals, of which there are many, ms. */
const renewalsMs = 30_000;
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
      const writes = isToBeExtended(left) ? [extended(left)] : [];
      return nodes.change({ part: partName, announced: 'watch', writes });
    });
  };
  const isToBeExtended = (left: Watch): boolean =>
    left.eventsMs <= watchMs / 2 || (renewalReaders > 0 && left.renewalsMs <= renewalsMs / 2);
  const extended = ({ wallMs, version, ...left }: Watch): DocumentWrite => {
    const renewalsUntilMs = wallMs + (renewalReaders > 0 ? renewalsMs : left.renewalsMs);
    return watchKind.write(watchKey, { untilMs: wallMs + watchMs, renewalsUntilMs }, { version });
  };
  const renew = async (): Promise<void> => {
    if (isToBeExtended(await readWatch(nodes))) await watch();
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
        void follow(following.signal);
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

/** How much longer events and renewals are published, ms; 0 or less: they are not. */
interface Watch {
  readonly eventsMs: number;
  readonly renewalsMs: number;
  readonly wallMs: number;
  readonly version: number;
}

async function readWatch({ store, tenant }: Nodes): Promise<Watch> {
  const [watch, { wallMs }] = await Promise.all([
    watchKind.read(store, tenant, watchKey),
    store.now({ tenant }),
  ]);
  const { untilMs, renewalsUntilMs } = watch?.value ?? { untilMs: wallMs };
  return {
    eventsMs: untilMs - wallMs,
    renewalsMs: (renewalsUntilMs ?? wallMs) - wallMs,
    wallMs,
    version: watch?.version ?? 0,
  };
}
