import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/client/connect.ts';
import type { OperatorEvent } from '../../../src/operator/events/events.ts';
import { startRedis } from '../../redis-server.ts';
import { type Node, startNode, startTwoNodes } from './two-nodes.ts';

let a: Node;
let b: Node;
const startAnother = startTwoNodes((first, second) => {
  [a, b] = [first, second];
});

/** What the nodes share is in this tenant. */
const tenant = 'heartbeatd/nodes';
const publishedEvents = async (): Promise<number> =>
  (await a.store.topicBounds({ tenant, topics: ['events'] }))[0]?.entries ?? 0;

/** Collects events of a node until it has so many, while `act` happens. */
async function collect(
  node: Node,
  many: number,
  { act, ...options }: { act?: () => Promise<unknown>; since?: number; type?: string } = {},
): Promise<OperatorEvent[]> {
  const found: OperatorEvent[] = [];
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const acting = opened.then(act);
  const { type, since } = options;
  const stream = connect(node.url).events(type === undefined ? {} : { type }, {
    onOpen,
    ...(since === undefined ? {} : { since }),
  });
  for await (const event of stream) {
    found.push(event);
    if (found.length === many) break;
  }
  await acting;
  return found;
}
const shortly = ({ type, holder }: OperatorEvent): string => [type, holder].join(' ').trim();

describe('the events of a node over Redis', () => {
  it('are those of all nodes', async () => {
    const { promise: isOpenOnB, resolve: openOnB } = Promise.withResolvers<void>();
    const act = async () => {
      await isOpenOnB;
      await a.light('ada');
      await b.operator('POST', '/faults', { match: { holder: 'bob' }, do: { status: 503 } });
      await a.light('bob');
      await b.operator('POST', '/clock', { advance: '1m' });
      await a.operator('POST', '/reset');
    };
    const [onA, onB] = await Promise.all([
      collect(a, 5, { act }),
      collect(b, 5, { act: async () => openOnB() }),
    ]);
    expect(onB.map(shortly)).toEqual([
      'lease.granted ada',
      'fault.fired bob',
      'lease.expired ada',
      'clock.moved',
      'reset',
    ]);
    expect(onA).toEqual(onB);
  });

  it('resume on any node from the cursor of another, with none missing or twice', async () => {
    const lit = async (node: Node, names: readonly string[]) => {
      for (const name of names) await node.light(name);
    };
    const first = await collect(a, 2, { type: 'lease.*', act: () => lit(b, ['a1', 'a2']) });
    await lit(a, ['a3']);
    await lit(b, ['a4']);
    const next = await collect(b, 3, {
      type: 'lease.*',
      since: first.at(-1)?.seq ?? 0,
      act: () => lit(a, ['a5']),
    });
    const names = [...first, ...next].map(({ holder }) => holder);
    // What two nodes did between the streams may be in either order.
    expect([...names].sort()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
    expect([...first, ...next].map(({ seq }) => seq)).toEqual(
      [...names.keys()].map((at) => (first[0]?.seq ?? 0) + at),
    );
  });

  it('include the renewals of all nodes for a reader who names them', async () => {
    await a.light('ada');
    await b.light('bob');
    const renewed = await collect(a, 2, {
      type: 'lease.renewed',
      act: async () => {
        await a.light('ada');
        await b.light('bob');
      },
    });
    expect(renewed.map(({ holder }) => holder).sort()).toEqual(['ada', 'bob']);
  });

  it('of other nodes are among the closest ones of an assertion that fails', async () => {
    await a.light('ada');
    const match = { type: 'lease.granted', holder: 'nobody', group: 'north' };
    const reply = await b.operator('POST', '/verify', { of: 'events', match });
    expect(reply.statusCode).toBe(422);
    expect(reply.body).toMatchObject({
      count: 0,
      closest: expect.arrayContaining([
        { seq: expect.any(Number), differs: [{ path: 'holder', expected: 'nobody', actual: 'ada' }] },
      ]),
    });
  });

  it('are counted by an assertion on any node, also those from before it', async () => {
    const { cursor } = (await a.operator('POST', '/verify', { of: 'events', match: { type: 'reset' } }))
      .body as {
      cursor: number;
    };
    await a.light('c1');
    await b.light('c2');
    const match = { type: 'lease.granted', holder: 'c*' };
    for (const node of [a, b]) {
      const wanted = { of: 'events', match, after: cursor, times: { exactly: 2 } };
      expect((await node.operator('POST', '/verify', wanted)).body).toMatchObject({
        satisfied: true,
        count: 2,
      });
    }
    const waiting = a.operator('POST', '/verify', {
      of: 'events',
      match: { ...match, holder: 'late' },
      after: cursor,
      within: '20s',
    });
    await b.light('late');
    expect((await waiting).statusCode).toBe(200);
  });
});

it('events are not published before a reader listens, on any node, and what is kept of the time before follows then', async () => {
  await a.operator('POST', '/reset');
  const other = await startRedis();
  try {
    const [c, d] = await Promise.all([startNode(other), startNode(other)]);
    const kept = async () => (await c.store.topicBounds({ tenant, topics: ['events'] }))[0]?.entries;
    await c.light('ada');
    await d.light('bob');
    expect(await kept()).toBe(0);
    expect((await collect(c, 2, { since: 0 })).map(shortly).sort()).toEqual([
      'lease.granted ada',
      'lease.granted bob',
    ]);
    const before = await kept();
    await d.light('ada');
    // A renewal is no event, and the journal is off.
    expect(await kept()).toBe(before);
    await Promise.all([c.close(), d.close()]);
  } finally {
    await other.stop();
  }
});

describe('a reset over Redis', () => {
  it('has every node forget its journal', async () => {
    const nodes = await Promise.all([1, 2].map(() => startAnother({ journal: 'on' })));
    const [c, d] = nodes as [Node, Node];
    await c.light('ada');
    await d.light('bob');
    expect((await d.operator('POST', '/reset')).body).toMatchObject({ removed: { requests: 2 } });
    for (const node of nodes)
      expect((await node.operator('GET', '/journal')).body).toMatchObject({ entries: [] });
    await Promise.all(nodes.map((node) => node.close()));
  });

  it('thaws a clock that another node froze, and its leases end in time', async () => {
    await a.operator('POST', '/clock', { tenant: 'beacon/sea', freeze: true });
    await b.light('ada');
    await b.operator('POST', '/reset');
    expect((await a.operator('GET', '/clock?tenant=beacon%2Fsea')).body).toMatchObject({
      frozen: false,
      offsetMs: 0,
    });
    expect(await publishedEvents()).toBeGreaterThan(0);
  });
});
