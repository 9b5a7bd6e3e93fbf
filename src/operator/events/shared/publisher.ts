/** Copies the events of this node to the topic of all nodes, while a reader listens on any of them. */
import type { Store } from '../../../store/store.ts';
import type { Events, OperatorEvent } from '../events.ts';
import { appendEvent } from './event-topic.ts';

/** Events of one step of the store: about a millisecond of it. */
const pageSize = 250;

export interface Publisher {
  /** Publishes what happens from now on, or stops doing so. While it is off, an event costs nothing. */
  turn(state: 'on' | 'off'): void;
  /** Resolves when all that happened before is published. Rejects with StoreUnavailable. */
  flush(): Promise<void>;
}

export interface PublisherOptions {
  readonly store: Pick<Store, 'commit'>;
  readonly tenant: string;
  readonly nodeId: string;
  /** The events of this node. What it dropped before it was published is reported as a gap. */
  readonly events: Events;
}

/** Makes the publisher of a node, turned off. What the node keeps of the time before is published when it is turned on. */
export function makePublisher({ store, tenant, nodeId, events }: PublisherOptions): Publisher {
  let cursor = 0;
  let running: Promise<void> | undefined;
  let stop: (() => void) | undefined;

  const publishPage = async (): Promise<void> => {
    const { droppedThrough } = events;
    const page = events.read(cursor, pageSize);
    const published = cursor < droppedThrough ? [gapOf(droppedThrough, cursor, page), ...page] : page;
    await store.commit({ tenant, appends: published.map((event) => appendEvent(nodeId, event)) });
    cursor = page.at(-1)?.seq ?? droppedThrough;
  };
  const publishWhile = async (isWanted: () => boolean): Promise<void> => {
    while (cursor < events.newest && isWanted()) {
      // One page at a time: events keep their order.
      running ??= publishPage().finally(() => {
        running = undefined;
      });
      await running;
    }
  };
  // What cannot be published now is published with the next event, or when the nodes exchange next.
  const onEvent = (): void => {
    if (running === undefined) void publishWhile(() => stop !== undefined).catch(() => undefined);
  };

  return {
    turn(state) {
      if (state === 'on') stop ??= events.onAppend(onEvent);
      else {
        stop?.();
        stop = undefined;
      }
    },
    flush: () => publishWhile(() => true),
  };
}

/** Says that events of this node were dropped before they were published. */
function gapOf(droppedThrough: number, cursor: number, [next]: readonly OperatorEvent[]): OperatorEvent {
  return { seq: droppedThrough, at: next?.at ?? '', type: 'gap', missed: droppedThrough - cursor };
}
