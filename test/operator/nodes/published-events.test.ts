import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEvents } from '../../../src/operator/events/events.ts';
import { keptEvents } from '../../../src/operator/events/shared/event-topic.ts';
import { makeMirror } from '../../../src/operator/events/shared/mirror.ts';
import { makePublisher } from '../../../src/operator/events/shared/publisher.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';
import { createStore } from '../../../src/store/runtime/create-store.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';

const tenant = 'heartbeatd/nodes';
let store: Store;
beforeEach(() => {
  store = createStore(openEmbeddedDriver());
});
afterEach(() => store.close());

/** A node that keeps three events. */
function makeNode(nodeId: string, commit: Store['commit'] = (input) => store.commit(input)) {
  const events = makeEvents(() => 0, { max: 3 });
  const publisher = makePublisher({ store: { commit }, tenant, nodeId, events });
  const happen = (...holders: readonly string[]): void => {
    for (const holder of holders) events.append({ type: 'seen', holder });
  };
  return { events, publisher, happen };
}
const shown = ({ read }: Pick<ReturnType<typeof makeMirror>, 'read'>, after = 0) =>
  read(after, 100).map(({ seq, type, holder, missed }) => `${seq} ${holder ?? `${type} ${missed}`}`);

describe('published events', () => {
  it('have one order for all readers, and each node keeps its own order', async () => {
    const [x, y] = [makeNode('x'), makeNode('y')];
    x.happen('x1', 'x2');
    y.happen('y1');
    await Promise.all([x.publisher.flush(), y.publisher.flush()]);
    x.happen('x3');
    await x.publisher.flush();
    const [first, second] = [makeMirror({ store, tenant }), makeMirror({ store, tenant })];
    await first.catchUp();
    await second.refresh();
    expect(shown(first)).toEqual(['1 x1', '2 x2', '3 y1', '4 x3']);
    expect(shown(second)).toEqual(shown(first));
    expect(shown(second, 2)).toEqual(['3 y1', '4 x3']);
  });

  it('of a node that dropped some begin with a gap, before which nothing counts as complete', async () => {
    const { publisher, happen } = makeNode('x');
    happen('1', '2', '3', '4', '5');
    await publisher.flush();
    const mirror = makeMirror({ store, tenant });
    await mirror.catchUp();
    expect(shown(mirror)).toEqual(['1 gap 2', '2 3', '3 4', '4 5']);
    expect([mirror.droppedThrough, mirror.missingThrough]).toEqual([0, 1]);
  });

  it('are published as they happen while it is turned on, and not while it is off', async () => {
    const { publisher, happen } = makeNode('x');
    const mirror = makeMirror({ store, tenant });
    publisher.turn('on');
    happen('1');
    await store.wait({ tenant, topics: [{ topic: 'events', after: 0n }], timeoutMs: 10_000 });
    await publisher.flush();
    publisher.turn('off');
    happen('2');
    await mirror.catchUp();
    expect(shown(mirror)).toEqual(['1 1']);
  });

  it('are read once although a node published them again because the reply was lost', async () => {
    let isLost = true;
    const { publisher, happen } = makeNode('x', async (input) => {
      const result = await store.commit(input);
      if (isLost) throw new StoreUnavailable('timed out');
      return result;
    });
    happen('1', '2');
    await expect(publisher.flush()).rejects.toThrow(StoreUnavailable);
    isLost = false;
    await publisher.flush();
    const mirror = makeMirror({ store, tenant });
    await mirror.catchUp();
    expect(shown(mirror)).toEqual(['1 1', '2 2']);
  });

  it('that were trimmed before a node read them are a gap', async () => {
    const { publisher, happen } = makeNode('x');
    const mirror = makeMirror({ store, tenant });
    happen('1');
    await publisher.flush();
    await mirror.catchUp();
    for (let many = 0; many <= keptEvents; many += 1) {
      happen('later');
      await publisher.flush();
    }
    await mirror.catchUp();
    expect(mirror.newest).toBe(keptEvents + 2);
    expect(mirror.droppedThrough).toBe(2);
    expect(mirror.missingThrough).toBe(2);
  });

  it('start again where the store lost them', async () => {
    const { publisher, happen } = makeNode('x');
    const mirror = makeMirror({ store, tenant });
    happen('1', '2');
    await publisher.flush();
    await mirror.refresh();
    await store.drop({ tenant });
    await mirror.refresh();
    expect(mirror.newest).toBe(0);
    happen('3');
    await publisher.flush();
    await mirror.refresh();
    expect(shown(mirror)).toEqual(['1 3']);
  });
});
